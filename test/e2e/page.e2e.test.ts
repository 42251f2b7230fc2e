/**
 * What the page does when things are not as they should be, and what it tells people of the server's doings:
 * real Chromium against a real media node without collector and queue. With analytics gone a call is a call.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebSocketRoute } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildClient } from '../../client/build.ts';
import { noLimit } from '../../sfu/media/layers.ts';
import type { Participant } from '../../sfu/Participant.ts';
import { startTestNode, type TestNode } from '../sfu/support/node.ts';
import { openBrowser, type Person, type PersonOptions, type TestBrowser } from '../support/browser.ts';
import { inviteLink, tileOf } from '../support/meeting.ts';
import { until } from '../support/waiting.ts';

let folder: string;
let node: TestNode;
let browser: TestBrowser;
let people: Person[] = [];
let rooms = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callscope-page-'));
  const pageDir = join(folder, 'page');
  await buildClient(pageDir);
  node = await startTestNode({ CALLSCOPE_PAGE_DIR: pageDir });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await node?.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(people.map((person) => person.leaveTheRoom()));
  people = [];
});

const newRoom = () => `room-${++rooms}`;

const link = (roomId: string, query?: string, ttlSeconds?: number): Promise<string> =>
  inviteLink(node.url, roomId, query, ttlSeconds);

async function newPerson(options?: PersonOptions): Promise<Person> {
  const person = await browser.person(options);
  people.push(person);
  return person;
}

const inState = (person: Person, state: string) =>
  person.page.locator(`html[data-state="${state}"]`).waitFor();

async function arrive(person: Person, roomId: string, name: string, query = ''): Promise<void> {
  await person.page.goto(await link(roomId, `&name=${name}&autojoin=1${query}`));
  await inState(person, 'joined');
}

const attribute = (viewer: Person, name: string, attribute: string, value: string) =>
  until(
    `${attribute}=${value} on the tile of ${name}`,
    async () => (await tileOf(viewer, name).getAttribute(attribute)) === value,
  );

/** As the node knows them in the newest room: in those before, somebody may still be expected back. */
function participant(displayName: string): Participant {
  const call = node.rooms.callIn({ tenantId: 'acme', roomId: `room-${rooms}` });
  for (const one of call?.room?.participants.values() ?? []) if (one.displayName === displayName) return one;
  throw new Error(`${displayName} is not in the newest room`);
}

async function growing(person: Person): Promise<void> {
  const { framesDecoded } = await person.heard();
  await until('new frames', async () => (await person.heard()).framesDecoded >= framesDecoded + 5);
}

describe('at the door', () => {
  it.each([
    ['no invitation', async () => `${node.url}/`, 'This link has no invitation'],
    ['an expired invitation', () => link(newRoom(), '&name=Ana&autojoin=1', -60), 'has expired'],
    ['a forged invitation', async () => `${await link(newRoom())}x&name=Ana&autojoin=1`, 'is not valid'],
  ])('%s is told in words, without a useless “Try again”', async (_, address, words) => {
    const { page } = await newPerson();
    await page.goto(await address());
    await page.getByRole('heading', { name: words }).waitFor();
    expect(await page.locator('html').getAttribute('data-state')).toBe('error');
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(false);
  });

  it('a server that is away is told, and trying again works once it is back', async () => {
    const ana = await newPerson();
    await ana.page.route('**/api/v1/join', (route) => route.abort());
    await ana.page.goto(await link(newRoom()));
    await ana.page.getByLabel('Your name').fill('Ana');
    await ana.page.keyboard.press('Enter');
    await ana.page.getByRole('heading', { name: 'cannot be reached' }).waitFor();
    await ana.page.unroute('**/api/v1/join');
    await ana.page.getByRole('button', { name: 'Try again' }).click();
    // The name is still there.
    await ana.page.getByRole('button', { name: 'Join', exact: true }).click();
    await inState(ana, 'joined');
  });

  it('who is refused the camera joins without it, and is told', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    await ana.page.addInitScript(() => {
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      devices.getUserMedia = (constraints) =>
        constraints?.video ? Promise.reject(new DOMException('denied', 'NotAllowedError')) : ask(constraints);
    });
    await ana.page.goto(await link(roomId));
    await ana.page.getByText('The camera is blocked').first().waitFor();
    await ana.page.getByLabel('Your name').fill('Ana');
    await ana.page.getByRole('button', { name: 'Join', exact: true }).click();
    await inState(ana, 'joined');
    await arrive(bo, roomId, 'Bo');
    await attribute(bo, 'Ana', 'data-microphone', 'on');
    expect(await tileOf(bo, 'Ana').getAttribute('data-video')).toBe('off');
    await until('sound', async () => (await bo.heard()).audioEnergy > 0);
  });

  it('who has neither camera nor microphone still sees and hears the others', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    await arrive(ana, roomId, 'Ana');
    await arrive(bo, roomId, 'Bo', '&camera=off&mic=off');
    await growing(bo);
    await attribute(ana, 'Bo', 'data-microphone', 'off');
  });
});

describe('what the server does', () => {
  it('the microphone is sent at a lower rate while somebody’s link holds no more, and lost sound is sent again', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    await arrive(ana, roomId, 'Ana');
    await arrive(bo, roomId, 'Bo');
    await attribute(bo, 'Ana', 'data-video', 'on');
    const audioMaxBitrate = () =>
      ana.page.evaluate(() => {
        const { watchedConnections } = window as unknown as { watchedConnections: RTCPeerConnection[] };
        const senders = watchedConnections.flatMap((connection) => connection.getSenders());
        const microphone = senders.find(({ track }) => track?.kind === 'audio');
        return microphone?.getParameters().encodings[0]?.maxBitrate ?? null;
      });
    participant('Bo').setVideoLimit({ ...noLimit, audioMaxBitrateBps: 16_000 });
    await until('a lower rate', async () => (await audioMaxBitrate()) === 16_000);
    participant('Bo').setVideoLimit(noLimit);
    await until('the usual rate', async () => (await audioMaxBitrate()) === null);
    const heard = [...participant('Bo').consumers.values()].find(({ consumer }) => consumer.kind === 'audio');
    expect(heard!.consumer.rtpParameters.codecs[0]!.rtcpFeedback).toContainEqual({
      type: 'nack',
      parameter: '',
    });
  });

  it('a withheld video leaves a note with the reason, the sound stays, and both come back', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    await arrive(ana, roomId, 'Ana');
    await arrive(bo, roomId, 'Bo');
    await attribute(bo, 'Ana', 'data-video', 'on');
    participant('Bo').setVideoLimit({ ...noLimit, paused: true, reason: 'Your downlink is congested.' });
    await tileOf(bo, 'Ana').getByText('Video paused: Your downlink is congested.').waitFor();
    expect(await tileOf(bo, 'Ana').getAttribute('data-video')).toBe('held');
    const { audioEnergy } = await bo.heard();
    await until('sound', async () => (await bo.heard()).audioEnergy > audioEnergy);
    participant('Bo').setVideoLimit(noLimit);
    await attribute(bo, 'Ana', 'data-video', 'on');
    await growing(bo);
  });

  it('quality is told by level and reason, not by colour alone', async () => {
    const ana = await newPerson();
    await arrive(ana, newRoom(), 'Ana');
    const { participantId, client } = participant('Ana');
    const reason = 'Packets are lost on the way to you.';
    client.notify('qualityChanged', { participantId, level: 'poor', reason, audioMos: 2.14, videoMos: null });
    const mark = tileOf(ana, 'Ana').getByRole('button', { name: 'Ana (you): poor quality' });
    await mark.hover();
    const tip = tileOf(ana, 'Ana').getByRole('tooltip');
    await tip.waitFor({ state: 'visible' });
    expect(await tip.textContent()).toBe(`Poor quality${reason}Sound 2.1 of 5`);
    await mark.focus();
    await ana.page.keyboard.press('Escape');
    await tip.waitFor({ state: 'hidden' });
  });

  it('a tile asks for the layer that its size can use', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    await arrive(ana, roomId, 'Ana');
    await arrive(bo, roomId, 'Bo');
    await asksForLayer(1);
    await bo.page.setViewportSize({ width: 320, height: 300 });
    await asksForLayer(0);
    // The lowest there is, whatever load and bandwidth do to the others: this one is forwarded as asked.
    await attribute(bo, 'Ana', 'data-layer', '0');
    await bo.page.setViewportSize({ width: 1280, height: 720 });
    await asksForLayer(1);

    function asksForLayer(layer: number): Promise<true> {
      return until(`Bo’s tile asking for layer ${layer}`, async () =>
        [...participant('Bo').consumers.values()].some(
          ({ consumer }) => consumer.kind === 'video' && consumer.preferredLayers?.spatialLayer === layer,
        ),
      );
    }
  });

  it.each([
    [480, 270, 2],
    [640, 360, 2],
    [960, 540, 3],
  ])('every layer asked of a camera of %i x %i comes: %i', async (width, height, layers) => {
    const roomId = newRoom();
    const ana = await newPerson();
    await ana.page.addInitScript(cameraOf, { width, height });
    await arrive(ana, roomId, 'Ana');
    await until('a camera at the node', async () => cameraAtNode() !== undefined);
    expect(cameraAtNode()?.rtpParameters.encodings).toHaveLength(layers);
    await until(`packets of ${layers} layers`, async () => {
      const streams = (await cameraAtNode()?.getStats()) ?? [];
      return streams.filter(({ packetCount }) => packetCount > 0).length === layers;
    });

    function cameraAtNode() {
      return [...participant('Ana').producers.values()]
        .map(({ producer }) => producer)
        .find(({ kind }) => kind === 'video');
    }
  });
});

/** Runs in the page: its camera is a moving picture of that size. */
function cameraOf({ width, height }: { width: number; height: number }): void {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const given = await getUserMedia(constraints);
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const brush = canvas.getContext('2d')!;
    let hue = 0;
    setInterval(() => {
      hue += 40;
      brush.fillStyle = `hsl(${hue} 80% 50%)`;
      brush.fillRect(0, 0, width, height);
    }, 100);
    return new MediaStream([...given.getAudioTracks(), ...canvas.captureStream(10).getVideoTracks()]);
  };
}

/** To the media node the client has left: there is nothing to resume. The page does not know that yet. */
const farewell = { code: 1000, reason: '' };

describe('when the session is lost', () => {
  it('says so, comes back by itself with all media, and nobody is left double', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    let server: WebSocketRoute | undefined;
    await ana.page.routeWebSocket('**/signaling', (route) => {
      server = route.connectToServer();
    });
    await arrive(ana, roomId, 'Ana');
    await arrive(bo, roomId, 'Bo');
    await growing(bo);
    // The server stays away for the first attempts.
    let refused = 0;
    await ana.page.route('**/api/v1/join', (route) => {
      if (refused === 2) return route.continue();
      refused++;
      return route.fulfill({ status: 503, json: { code: 'stopping', message: 'This node is going away.' } });
    });
    await server?.close(farewell);
    await ana.page.getByText('The connection to the server is lost. Reconnecting…').first().waitFor();
    // Everybody stays on the screen meanwhile.
    expect(await tileOf(ana, 'Bo').count()).toBe(1);
    await ana.page.locator('.banner.lost').waitFor({ state: 'hidden' });
    expect(refused).toBe(2);
    await until('one tile each', async () => (await tileOf(bo, 'Ana').count()) === 1);
    await attribute(bo, 'Ana', 'data-video', 'on');
    await Promise.all([growing(ana), growing(bo)]);
  });

  it('a muted microphone is still muted after coming back', async () => {
    const roomId = newRoom();
    const [ana, bo] = [await newPerson(), await newPerson()];
    let server: WebSocketRoute | undefined;
    await ana.page.routeWebSocket('**/signaling', (route) => {
      server = route.connectToServer();
    });
    await arrive(ana, roomId, 'Ana');
    await arrive(bo, roomId, 'Bo');
    await ana.page.getByRole('button', { name: 'Mute', exact: true }).click();
    const first = participant('Ana').participantId;
    await server?.close(farewell);
    await until('another participant', async () => {
      const now = await tileOf(bo, 'Ana')
        .getAttribute('data-participant', { timeout: 5_000 })
        .catch(() => null);
      return now !== null && now !== first;
    });
    await attribute(bo, 'Ana', 'data-video', 'on');
    await attribute(bo, 'Ana', 'data-microphone', 'off');
    await until('the node agrees', async () =>
      [...participant('Ana').producers.values()].some(
        ({ producer, source }) => source === 'microphone' && producer.paused,
      ),
    );
    await ana.page.getByRole('button', { name: 'Unmute' }).click();
    const { audioEnergy } = await bo.heard();
    await until('sound', async () => (await bo.heard()).audioEnergy > audioEnergy);
  });
});

it('no page reported a fault of its own while all went well', async () => {
  const roomId = newRoom();
  const [ana, bo] = [await newPerson(), await newPerson({ colorScheme: 'dark' })];
  await arrive(ana, roomId, 'Ana');
  await arrive(bo, roomId, 'Bo');
  await Promise.all([growing(ana), growing(bo)]);
  await ana.page.getByRole('button', { name: 'Leave' }).click();
  await inState(ana, 'left');
  expect([ana.faults, bo.faults]).toEqual([[], []]);
});
