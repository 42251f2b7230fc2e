/**
 * Browser and system of a client, from the headers of its requests, under the names of OpenTelemetry's conventions.
 * Brands of the client hints say more than the user agent string, which browsers freeze; few send them.
 */
import Bowser from 'bowser';

export interface ClientHeaders {
  readonly userAgent: string;
  /** `Sec-CH-UA`: brands with their major versions. */
  readonly brands: string;
  /** `Sec-CH-UA-Platform`, quoted. */
  readonly platform: string;
}

/** Longer ones are not looked at: no browser sends them, and parsing takes time. */
const maxLength = 512;
const maxWord = 64;

/** Empty where the headers are not a browser's. */
export function browserFacts({ userAgent, brands, platform }: ClientHeaders): Record<string, string> {
  if (!userAgent.startsWith('Mozilla/') || userAgent.length > maxLength || brands.length > maxLength)
    return {};
  const parsed = Bowser.parse(userAgent);
  const brand = mainBrand(brands);
  const facts = {
    'user_agent.name': brand?.name ?? parsed.browser.name,
    'user_agent.version': brand?.version ?? parsed.browser.version,
    'browser.platform': /^"([^"]+)"$/.exec(platform)?.[1] ?? parsed.os.name,
    'os.version': parsed.os.version,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value ? [[name, value.slice(0, maxWord)]] : [])),
  );
}

/** The brand that is neither the made-up one nor the engine's, where there is one; Chromium itself otherwise. */
function mainBrand(brands: string): { name: string; version: string } | undefined {
  const list = [...brands.matchAll(/"([^"]*)";v="([^"]*)"/g)]
    .map(([, name = '', version = '']) => ({ name, version }))
    .filter(({ name }) => !/not.*brand/i.test(name));
  return list.find(({ name }) => name !== 'Chromium') ?? list[0];
}
