// Loaded into every function's process before anything else. It does what the Lambda sandbox does around the Node
// runtime client: the client's native half, a clock that the pack can turn, and an end when the pack ends.
const dns = require('node:dns');
const { Agent, request } = require('node:http');
const Module = require('node:module');

const offsetHeader = 'x-groundcrew-clock-offset';
let offset = Number(process.env.GROUNDCREW_CLOCK_OFFSET ?? 0);
delete process.env.GROUNDCREW_CLOCK_OFFSET;

turnDate();
playSwiftly();
waitForDebuggers();
lookNothingUp();
waitByTheClock();
answerNativeClient();
fillDisks();
leaveWithParent();

/** Everything that asks what time it is sees the pack's clock; timers go on in real time. */
function turnDate() {
  const RealDate = globalThis.Date;
  const realNow = RealDate.now;
  const now = () => realNow() + offset;
  RealDate.now = now;
  const PackDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
  });
  RealDate.prototype.constructor = PackDate;
  globalThis.Date = PackDate;
}

/**
 * For thousands of runs that share one machine. Retries wait a random part of their delay: a small random number is a
 * short wait. And an answer that is late because the machine is busy is none that AWS is late with: calls may take four
 * times as long before they are given up.
 */
function playSwiftly() {
  if (process.env.GROUNDCREW_SWIFT === undefined) return;
  delete process.env.GROUNDCREW_SWIFT;
  const { random } = Math;
  Math.random = () => random() / 50;
  extendTimeouts((ms) => ms * 4);
}

/** A call that was under way at a breakpoint is not late. */
function waitForDebuggers() {
  if (process.env.GROUNDCREW_INSPECTED === undefined) return;
  delete process.env.GROUNDCREW_INSPECTED;
  extendTimeouts(() => 86_400_000);
}

/** Timers of a second and more are time limits; shorter ones are pauses. */
function extendTimeouts(extend) {
  const longer = (ms) => (ms >= 1000 ? extend(ms) : ms);
  const { setTimeout: start } = globalThis;
  globalThis.setTimeout = Object.assign((work, ms, ...rest) => start(work, longer(ms), ...rest), start);
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (ms) => timeout.call(AbortSignal, longer(ms));
  const { prototype: socket } = require('node:net').Socket;
  const { setTimeout: limit } = socket;
  socket.setTimeout = function (ms, ...rest) {
    return limit.call(this, longer(ms), ...rest);
  };
}

/** No name leaves this machine: what a function looks up is not found, as in a network without DNS. */
function lookNothingUp() {
  const notFound = async (name) => {
    throw Object.assign(new Error(`queryCname ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  };
  dns.promises.Resolver.prototype.resolveCname = notFound;
}

/**
 * A function that keeps a pace or puts something off turns the pack's clock on instead of waiting. What waits by a
 * callback, such as time limits and the SDK's retries, waits in real time.
 */
function waitByTheClock() {
  const timers = require('node:timers/promises');
  const waiting = new Map();
  let asked = 0;
  process.on('message', ({ waited, offset: turned }) => {
    offset = turned;
    waiting.get(waited)?.();
    waiting.delete(waited);
    if (waiting.size === 0) process.channel?.unref();
  });
  timers.setTimeout = (ms, value, { signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      asked += 1;
      waiting.set(asked, () => resolve(value));
      process.channel?.ref();
      process.send({ id: asked, wait: ms });
    });
  Module.syncBuiltinESMExports();
}

/**
 * aws-lambda-ric asks for an addon that wraps AWS's C++ client of the Runtime API, and compiling it takes a minute and
 * a toolchain. These are its four functions over the same API.
 */
function answerNativeClient() {
  const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let posted = Promise.resolve();

  const call = (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        { agent, host, port, method, path: `/2018-06-01/runtime/${path}`, headers },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }),
          );
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  // The addon posts before it returns. Here the next poll waits for the post instead.
  const post = (path, body, headers) => {
    posted = call('POST', path, body, { 'content-type': 'application/json', ...headers });
    posted.catch(() => process.exit(1));
  };

  const client = {
    initializeClient() {},
    async next() {
      await posted;
      const { headers, body } = await call('GET', 'invocation/next');
      offset = Number(headers[offsetHeader] ?? offset);
      return { bodyJson: body, headers };
    },
    done: (id, body) => post(`invocation/${id}/response`, body),
    error: (id, body, xray) =>
      post(`invocation/${id}/error`, body, {
        'lambda-runtime-function-xray-error-cause': encodeURIComponent(xray),
      }),
  };

  const load = Module._load;
  Module._load = function (name, ...rest) {
    return name === './rapid-client.node' ? client : load.call(this, name, ...rest);
  };
}

/**
 * Emulates a full disk. The file `<folder>.full` next to the folder of a file system lists the paths that have no space:
 * no file can be created there.
 */
function fillDisks() {
  const folder = process.env.GROUNDCREW_MOUNT;
  delete process.env.GROUNDCREW_MOUNT;
  if (folder === undefined) return;
  const promises = require('node:fs/promises');
  const { existsSync, readFileSync } = require('node:fs');
  for (const [name, which] of Object.entries({ copyFile: 1, writeFile: 0 })) {
    const make = promises[name];
    promises[name] = async (...args) => {
      const full = existsSync(`${folder}.full`) && `${folder}/${readFileSync(`${folder}.full`, 'utf8')}`;
      if (full && args[which].startsWith(full)) {
        const message = `ENOSPC: no space left on device, ${name} '${args[which]}'`;
        throw Object.assign(new Error(message), { code: 'ENOSPC', errno: -28, syscall: name });
      }
      return make.apply(promises, args);
    };
  }
  Module.syncBuiltinESMExports();
}

/** A pack that is killed cannot clean up; its functions notice. */
function leaveWithParent() {
  process.once('disconnect', () => process.exit());
  process.channel?.unref();
}
