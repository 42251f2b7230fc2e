/** Making elements: the page's whole framework. */

type Attributes = Readonly<Record<string, string | boolean>>;

/** @param attributes `true` sets an empty attribute, `false` none */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Only where it differs: writing the same text again would make screen readers repeat it. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setTrack(media: HTMLMediaElement, track: MediaStreamTrack | null): boolean {
  const present = media.srcObject instanceof MediaStream ? media.srcObject.getTracks()[0] : undefined;
  if (present === (track ?? undefined)) return false;
  media.srcObject = track ? new MediaStream([track]) : null;
  return track !== null;
}
