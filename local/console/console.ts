import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Html } from '#shared/html.ts';
import type { PipelinesState } from '../account/services/codepipeline/model.ts';
import { actionPath } from '../account/services/codepipeline/model.ts';
import type { World } from '../scenario-kit/world.ts';
import { runAction } from './do.ts';
import { renderOpened } from './opened.ts';
import { isFromOwnPage, securityHeaders } from './origin.ts';
import { renderPage } from './page.ts';
import { type ActionResult, renderSections, type Section } from './sections.ts';
import type { ShownPack } from './shown-pack.ts';
import { fingerprintOf, type NamedPanel, type Snapshot, takeSnapshot } from './snapshot.ts';
import { createStream } from './stream.ts';
import { style, stylePath } from './style.ts';

export interface ConsoleOptions {
  readonly pack: ShownPack;
  readonly panels: readonly NamedPanel[];
  /** Acts in the account. */
  readonly person: World;
  /** Only reads. Its calls are not recorded. */
  readonly observer: World;
  readonly whilePaused: (work: () => Promise<void>) => Promise<void>;
  /** Empties the account and fills it again; undefined while nobody said how. */
  readonly reset: () => (() => Promise<void>) | undefined;
}

/** The page of the local account. */
export interface ConsolePage {
  /** Answers the page and what belongs to it. Returns false for any other address. */
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<boolean>;
  stop(): void;
}

const snapshotKeptMs = 2000;

export function createConsole(options: ConsoleOptions): ConsolePage {
  const { pack } = options;
  const takeFresh = rememberSnapshot(options);
  const jobName = (id: string): string => nameOfJob(pack, id);
  let result: ActionResult | undefined;
  const render = rememberSections((snapshot, filter) =>
    renderSections({ pack, filter, result, snapshot, jobName, canReset: options.reset() !== undefined }),
  );
  const sectionsFor = async (filter: string): Promise<readonly Section[]> =>
    render(await takeFresh(result?.text), filter);
  const partOf = async (route: string, filter: string): Promise<Html | undefined> => {
    const [, kind, name] = /^GET \/_groundcrew\/(\w+)\/(.+)$/.exec(route) ?? [];
    if (kind === undefined || name === undefined) return undefined;
    if (kind === 'section') return (await sectionsFor(filter)).find(({ id }) => id === name)?.markup;
    return renderOpened(kind, decodeURIComponent(name), pack, await takeFresh(result?.text));
  };
  const stream = createStream({
    fingerprint: () => `${fingerprintOf(pack)} ${result?.text}`,
    render: async () => textsToCompare(await sectionsFor('')),
  });
  const submit = async (request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> => {
    if (!isFromOwnPage(request)) return answer(response, 403, 'Only forms of this page are accepted.');
    const { account, wiring } = pack;
    result = await runAction(new URLSearchParams(body.toString()), {
      ...{ account, wiring, panels: options.panels, person: options.person },
      ...{ whilePaused: options.whilePaused, reset: options.reset() },
    });
    response.writeHead(303, { location: '/', 'cache-control': 'no-store' }).end();
  };
  return {
    stop: stream.close,
    handle: async (request, body, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const route = `${request.method} ${pathname}`;
      const filter = (searchParams.get('q') ?? '').slice(0, 100);
      if (route === 'GET /') sendPage(response, await sectionsFor(filter));
      else if (route === `GET ${stylePath}`) response.writeHead(200, styleHeaders).end(style);
      else if (route === 'GET /_groundcrew/stream') stream.follow(request, response);
      else if (route === 'POST /_groundcrew/do') await submit(request, body, response);
      else {
        const part = await partOf(route, filter);
        if (!part) return false;
        response.writeHead(200, securityHeaders('')).end(part.markup);
      }
      return true;
    },
  };
}

function sendPage(response: ServerResponse, sections: readonly Section[]): void {
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, securityHeaders(nonce)).end(renderPage(sections, nonce));
}

const styleHeaders = { 'content-type': 'text/css', 'cache-control': 'max-age=31536000, immutable' };

/** The page fetches the ones that changed. */
function textsToCompare(sections: readonly Section[]): ReadonlyMap<string, string> {
  const replaced = sections.filter(({ isFixed }) => !isFixed);
  return new Map(replaced.map(({ id, markup }) => [id, withoutTime(markup.markup)]));
}

/** The sections of one page, and what all readers of it fetch at once, are of one snapshot. */
function rememberSnapshot({
  pack,
  observer,
  panels,
}: ConsoleOptions): (result?: string) => Promise<Snapshot> {
  let known: { readonly key: string; readonly at: number; readonly taken: Promise<Snapshot> } | undefined;
  return (result = '') => {
    const key = `${fingerprintOf(pack)} ${result}`;
    if (known?.key === key && performance.now() - known.at < snapshotKeptMs) return known.taken;
    known = { key, at: performance.now(), taken: takeSnapshot(pack, observer, panels) };
    return known.taken;
  };
}

/** A browser fetches each section on its own: all of them are rendered once. */
function rememberSections(
  render: (snapshot: Snapshot, filter: string) => readonly Section[],
): (snapshot: Snapshot, filter: string) => readonly Section[] {
  const known = new WeakMap<Snapshot, Map<string, readonly Section[]>>();
  return (snapshot, filter) => {
    const byFilter = known.get(snapshot) ?? new Map<string, readonly Section[]>();
    known.set(snapshot, byFilter);
    const sections = byFilter.get(filter) ?? render(snapshot, filter);
    byFilter.set(filter, sections);
    return sections;
  };
}

/** What is left when the time that runs is taken out of it. */
function withoutTime(markup: string): string {
  return markup.replaceAll(
    /data-now="\d+"|value="[\d.]+"|title="[^"]* in [^"]*"|(data-until="\d+"|data-clock)>[^<]*/g,
    '$1',
  );
}

function nameOfJob({ account }: ShownPack, id: string): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: local/account/services/codepipeline creates it
  const { jobs } = account.serviceState('codepipeline') as PipelinesState;
  const job = jobs.get(id);
  return job ? actionPath(job.action).replaceAll('/', ' / ') : 'A pipeline';
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}
