import { once } from 'node:events';
import { watch } from 'chokidar';

export interface Watching {
  close(): Promise<void>;
}

/** Editors and git write several files, or one file in several steps. */
const debounceMs = 100;

/**
 * Calls `onChange` after something in these folders has changed and nothing else has for a moment. Resolves when it
 * watches. Node's own recursive watch loses a file on Linux once an editor has replaced it.
 */
export async function watchFiles(folders: readonly string[], onChange: () => void): Promise<Watching> {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch([...folders], { ignoreInitial: true });
  await once(watcher, 'ready');
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs);
  });
  return {
    close: () => {
      clearTimeout(timer);
      return watcher.close();
    },
  };
}
