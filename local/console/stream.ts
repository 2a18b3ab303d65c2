import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Stream {
  /** Keeps the response open and tells it what changes. */
  follow(request: IncomingMessage, response: ServerResponse): void;
  close(): void;
}

export interface StreamOptions {
  /** Changes when anything happened; cheap to ask. */
  readonly fingerprint: () => string;
  /** The sections of now, by id, as far as they can be compared. */
  readonly render: () => Promise<ReadonlyMap<string, string>>;
}

const lookEveryMs = 250;
/** Time alone changes a page, too: what waited is due. */
const renderAtLeastEveryMs = 10_000;

/** Server-sent events with the ids of the sections that changed. Nothing runs while nobody follows. */
export function createStream({ fingerprint, render }: StreamOptions): Stream {
  const followers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  let seen = '';
  let renderedAt = 0;
  let sections: ReadonlyMap<string, string> = new Map();

  const look = async (): Promise<void> => {
    const now = fingerprint();
    if (now === seen && performance.now() - renderedAt < renderAtLeastEveryMs) return;
    seen = now;
    renderedAt = performance.now();
    const rendered = await render();
    const changed = [...rendered].filter(([id, text]) => sections.get(id) !== text).map(([id]) => id);
    sections = rendered;
    if (changed.length === 0) return;
    for (const one of followers) one.write(`event: changed\ndata: ${changed.join(' ')}\n\n`);
  };
  const lookAgain = (): void => {
    timer = setTimeout(() => {
      look()
        .catch(() => {})
        .finally(() => {
          if (followers.size > 0) lookAgain();
          else timer = undefined;
        });
    }, lookEveryMs);
  };

  return {
    follow: (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 1000\n\n');
      followers.add(response);
      request.once('close', () => followers.delete(response));
      if (!timer) lookAgain();
    },
    close: () => {
      clearTimeout(timer);
      for (const one of followers) one.end();
      followers.clear();
    },
  };
}
