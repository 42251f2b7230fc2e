/** Times in which alerts are kept but told to nobody. Pure. */

/** Table `alert_maintenance`. */
export interface MaintenanceRow {
  maintenance_id: string;
  /** Name of a promise; empty: all. */
  slo: string;
  from_at: number;
  to_at: number;
  reason: string;
  revision: number;
}

export const inMaintenance = (slo: string, atMs: number, windows: readonly MaintenanceRow[]): boolean =>
  windows.some((one) => (one.slo === '' || one.slo === slo) && one.from_at <= atMs && atMs < one.to_at);
