/** The page's icons: 24 by 24 strokes, drawn for this page, invisible to screen readers. */

const paths = {
  microphone: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6',
  microphoneOff:
    'M9 9.5V11a3 3 0 0 0 4.6 2.5M15 11V6a3 3 0 0 0-5.9-.8M6 11a6 6 0 0 0 9.3 5M18 11a6 6 0 0 1-.6 2.6M12 17v4M9 21h6M4 3l16 18',
  camera: 'M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2ZM15 11l6-3.5v9L15 13',
  cameraOff:
    'M10 7h3a2 2 0 0 1 2 2v2l6-3.5v9M15 15a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h1M4 3l16 18',
  screen:
    'M4 4h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM8 20h8M12 13V8M9.5 10 12 7.5 14.5 10',
  screenOff:
    'M4 4h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM8 20h8M9.5 7.5l5 5M14.5 7.5l-5 5',
  leave:
    'M3 13.5c5-5 13-5 18 0l-2.2 2.3a1 1 0 0 1-1.2.2l-2.4-1.3a1 1 0 0 1-.5-.9v-1.7a11 11 0 0 0-5.4 0v1.7a1 1 0 0 1-.5.9l-2.4 1.3a1 1 0 0 1-1.2-.2Z',
  pause: 'M9 6v12M15 6v12',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20a6 6 0 0 1 12 0M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.6a6 6 0 0 1 3 5.4',
  star: 'M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9-4.3-4.1 5.9-.8Z',
} as const;

export type IconName = keyof typeof paths;

const svgNamespace = 'http://www.w3.org/2000/svg';

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svgNamespace, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}

/** Three bars, like those of a phone's reception: the number says what the colour says. */
export function bars(): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'bars');
  svg.setAttribute('aria-hidden', 'true');
  for (const [index, height] of [5, 9, 13].entries()) {
    const bar = document.createElementNS(svgNamespace, 'rect');
    bar.setAttribute('x', String(1.5 + index * 4.75));
    bar.setAttribute('y', String(14.5 - height));
    bar.setAttribute('width', '3.5');
    bar.setAttribute('height', String(height));
    bar.setAttribute('rx', '1');
    svg.append(bar);
  }
  return svg;
}
