/** Settings of the TURN scaler; the names are those of the environment. */
import { z } from 'zod';
import { defaultFleetSettings, type FleetSettings } from '../../quality/fleet/settings.ts';
import { setting } from '../../telemetry/service/config.ts';

const relays = () => z.coerce.number().int().min(0).max(1_000);
const seconds = () => z.coerce.number().positive().max(86_400);

export const fleetSettings = {
  /** off: no scaling. metrics: decided and shown only, for an autoscaler that reads it. */
  CALLSCOPE_FLEET_DRIVER: z.enum(['off', 'local', 'webhook', 'metrics']).default('off'),
  CALLSCOPE_FLEET_MIN_RELAYS: relays().min(1).default(2),
  CALLSCOPE_FLEET_MAX_RELAYS: relays().min(1).default(4),
  CALLSCOPE_FLEET_SPARE_RELAYS: relays().default(1),
  CALLSCOPE_FLEET_BURST_RELAYS: z.coerce.number().min(0).max(1_000).default(0),
  CALLSCOPE_FLEET_WARM_UP_SECONDS: seconds().default(5),
  CALLSCOPE_FLEET_LOOK_SECONDS: seconds().min(1).default(5),
  CALLSCOPE_FLEET_COOL_DOWN_SECONDS: seconds().default(1_920),
  CALLSCOPE_FLEET_DRAINED_SECONDS: seconds().default(60),
  CALLSCOPE_FLEET_WEBHOOK_URL: setting.httpUrl().optional(),
  CALLSCOPE_FLEET_WEBHOOK_SECRET: setting.secret().optional(),
  /** Signs orders to local relays, as it signs their credentials. */
  CALLSCOPE_TURN_SECRET: setting.secret().optional(),
  CALLSCOPE_REGION: z.string().max(64).default(''),
} as const;

type Given = z.infer<z.ZodObject<typeof fleetSettings>>;

export type FleetDriver =
  | { readonly kind: 'local'; readonly secret: string }
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
  | { readonly kind: 'metrics' };

/** Why the settings do not go together; empty when they do. */
export function fleetFault(given: Given): string {
  if (given.CALLSCOPE_FLEET_MAX_RELAYS < given.CALLSCOPE_FLEET_MIN_RELAYS)
    return 'CALLSCOPE_FLEET_MAX_RELAYS is below CALLSCOPE_FLEET_MIN_RELAYS';
  if (given.CALLSCOPE_FLEET_DRIVER === 'local' && !given.CALLSCOPE_TURN_SECRET)
    return 'CALLSCOPE_TURN_SECRET is needed for CALLSCOPE_FLEET_DRIVER=local: it signs the orders';
  if (
    given.CALLSCOPE_FLEET_DRIVER === 'webhook' &&
    !(given.CALLSCOPE_FLEET_WEBHOOK_URL && given.CALLSCOPE_FLEET_WEBHOOK_SECRET)
  )
    return 'CALLSCOPE_FLEET_WEBHOOK_URL and CALLSCOPE_FLEET_WEBHOOK_SECRET are needed for CALLSCOPE_FLEET_DRIVER=webhook';
  return '';
}

/** @returns undefined when the fleet is not ours to scale */
export function fleetDriverOf(given: Given): FleetDriver | undefined {
  const kind = given.CALLSCOPE_FLEET_DRIVER;
  if (kind === 'off') return undefined;
  if (kind === 'metrics') return { kind };
  if (kind === 'local') return { kind, secret: given.CALLSCOPE_TURN_SECRET! };
  return { kind, url: given.CALLSCOPE_FLEET_WEBHOOK_URL!, secret: given.CALLSCOPE_FLEET_WEBHOOK_SECRET! };
}

export const fleetPolicyOf = (given: Given): FleetSettings => ({
  ...defaultFleetSettings,
  minRelays: given.CALLSCOPE_FLEET_MIN_RELAYS,
  maxRelays: given.CALLSCOPE_FLEET_MAX_RELAYS,
  spareRelays: given.CALLSCOPE_FLEET_SPARE_RELAYS,
  burstRelays: given.CALLSCOPE_FLEET_BURST_RELAYS,
  warmUpMs: given.CALLSCOPE_FLEET_WARM_UP_SECONDS * 1_000,
  lookMs: given.CALLSCOPE_FLEET_LOOK_SECONDS * 1_000,
  coolDownMs: given.CALLSCOPE_FLEET_COOL_DOWN_SECONDS * 1_000,
  lateAllocationMs: given.CALLSCOPE_FLEET_DRAINED_SECONDS * 1_000,
});
