/**
 * Country and network operator of an address, from files in MaxMind's format (GeoLite2, DB-IP Lite and the like; a
 * country, a city and an ASN file may stand beside each other). Without files nothing is said of either.
 */
import { open, type Reader, type Response } from 'maxmind';
import { z } from 'zod';

export type NetworkFacts = (address: string) => Record<string, string>;

/** What is read of an entry, whichever file it stands in. */
const entry = z.object({
  country: z.object({ iso_code: z.string().optional() }).optional().catch(undefined),
  country_code: z.string().optional().catch(undefined),
  autonomous_system_organization: z.string().optional().catch(undefined),
  autonomous_system_number: z.number().optional().catch(undefined),
  isp: z.string().optional().catch(undefined),
});

const maxName = 64;

/** @throws where a file cannot be read or is of another format */
export async function networkFacts(files: readonly string[]): Promise<NetworkFacts> {
  const readers: Reader<Response>[] = [];
  for (const file of files) {
    try {
      // Files are brought up to date weekly: the new one is read without a restart.
      readers.push(await open(file, { watchForUpdates: true, watchForUpdatesNonPersistent: true }));
    } catch (cause) {
      throw new Error(`CALLSCOPE_GEOIP_FILES: ${file} is no file in MaxMind's format`, { cause });
    }
  }
  return (address) => {
    const facts: Record<string, string> = {};
    for (const reader of readers) {
      const found = entry.safeParse(reader.get(address));
      if (!found.success) continue;
      const { country, country_code, isp, autonomous_system_organization, autonomous_system_number } =
        found.data;
      const code = country?.iso_code ?? country_code;
      const operator = isp ?? autonomous_system_organization;
      if (code) facts['geo.country.iso_code'] = code.slice(0, 2).toUpperCase();
      if (operator) facts['network.carrier.name'] = operator.slice(0, maxName);
      if (autonomous_system_number) facts['network.as.number'] = String(autonomous_system_number);
    }
    return facts;
  };
}
