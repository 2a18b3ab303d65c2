import type { World } from '../../pack/world.ts';
import { type Build, STEP } from './builds.ts';
import { imageEvent, stepWaiting } from './events.ts';

// What approvers do.

export type Person = 'ann' | 'ben' | 'cem';

const addresses: Readonly<Record<Person, string>> = {
  ann: 'ann@example.com',
  ben: 'ben@example.com',
  cem: 'cem@example.com',
};

/** Image Builder tells that the build is done, and everybody is mailed. */
export async function askAbout<B extends Build>(world: World, made: B): Promise<B> {
  await world.put(imageEvent(world, made.imageArn, 'AVAILABLE'));
  await world.settle();
  return made;
}

export async function askAtStep(world: World, made: Build): Promise<Build> {
  await world.put(stepWaiting(world, made.imageArn, STEP));
  await world.settle();
  return made;
}

/** The path of the link in the newest mail that somebody got. */
export function linkOf(world: World, person: Person): string {
  const mails = world.mails().filter(({ to }) => to === addresses[person]);
  const paths = mails.flatMap(({ text }) => /^https?:\/\/[^/]+(\/approvals\/\S+)$/m.exec(text)?.[1] ?? []);
  const path = paths.at(-1);
  if (path === undefined) throw new Error(`${person} was mailed no link`);
  return path;
}

/** What is to be typed, as the page says. */
export async function codeOn(world: World, link: string): Promise<string> {
  const page = await visit(world, link);
  const [, code] = /<label for="code">.*?<code>([^<]+)<\/code>/.exec(page) ?? [];
  if (code === undefined) throw new Error('The page asks for nothing to be typed');
  return code;
}

export async function approve(world: World, person: Person): Promise<Response> {
  return (await ballotOf(world, person))();
}

/** Reads the page and fills in the form. Returns how to press the button. */
export async function ballotOf(world: World, person: Person): Promise<() => Promise<Response>> {
  const link = linkOf(world, person);
  const form = { decision: 'approve', code: await codeOn(world, link) };
  return () => send(world, link, form);
}

export function reject(world: World, person: Person, why: string): Promise<Response> {
  return send(world, linkOf(world, person), { decision: 'reject', why });
}

/** The page, loaded again when something went wrong. */
export async function visit(world: World, link: string): Promise<string> {
  let answer = await world.http(link);
  for (let more = 3; more > 0 && answer.status >= 500; more -= 1) answer = await world.http(link);
  return answer.text();
}

/** Presses the button, and again when the page says that something went wrong. */
export async function send(
  world: World,
  link: string,
  form: Readonly<Record<string, string>>,
): Promise<Response> {
  const init = { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' } as const;
  let answer = await world.http(link, init);
  for (let more = 3; more > 0 && answer.status >= 500; more -= 1) answer = await world.http(link, init);
  return answer;
}
