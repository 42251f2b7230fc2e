/** What the page itself tells: which browser, whether anyone looks, devices coming and going, going away. */
import { events } from '../../telemetry/events.ts';
import type { Attributes } from './contract.ts';
import type { AttributeList } from './otlp.ts';

export interface PageListener {
  event(name: string, attributes: Attributes): void;
  /** The page may be gone in a moment. */
  hide(): void;
  show(): void;
  online(): void;
}

export function watchPage(listener: PageListener): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  document.addEventListener(
    'visibilitychange',
    () => {
      listener.event(events.visibility, { state: document.visibilityState });
      if (document.hidden) listener.hide();
      else listener.show();
    },
    { signal },
  );
  addEventListener('pagehide', () => listener.hide(), { signal });
  addEventListener('online', () => listener.online(), { signal });
  navigator.mediaDevices?.addEventListener?.('devicechange', () => listener.event(events.deviceChange, {}), {
    signal,
  });
  return () => stop.abort();
}

interface UserAgentData {
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  readonly platform: string;
}

/**
 * Names of OpenTelemetry's semantic conventions (browser.*, user_agent.*, service.*). The long user agent string
 * goes out only where the browser has no brands: with them it says nothing more, and every batch carries it.
 */
export function pageResource(): AttributeList {
  const data = (navigator as Navigator & { userAgentData?: UserAgentData }).userAgentData;
  // One of the brands is made up, at a place that changes, so that nobody relies on the list's order.
  const brands = data?.brands.filter(({ brand }) => !/not.?a.?brand/i.test(brand)) ?? [];
  const brand = brands.find(({ brand }) => brand !== 'Chromium') ?? brands[0];
  return [
    ['service.name', 'callscope-client'],
    ...(data && brand
      ? ([
          ['user_agent.name', brand.brand],
          ['user_agent.version', brand.version],
          ['browser.platform', data.platform],
        ] as const)
      : ([['user_agent.original', navigator.userAgent.slice(0, 256)]] as const)),
  ];
}
