import type { World } from '../../scenario-kit/world.ts';
import type { Mail } from '../../wiring/sns-topics.ts';
import { type Build, createSettings, STEP_ID } from './builds.ts';
import { imageStateChange, stepWaiting } from './events.ts';
import { restoreSubscriptions, type SavedSubscriptions, saveSubscriptions } from './saved-subscriptions.ts';

// What approvers do.

export type Person = 'ann' | 'ben' | 'cem' | 'dan' | 'eve';

const addresses: Readonly<Record<Person, string>> = {
  ann: 'ann@example.com',
  ben: 'ben@example.com',
  cem: 'cem@example.com',
  dan: 'dan@example.com',
  eve: 'eve@example.com',
};

const people: readonly Person[] = ['ann', 'ben', 'cem'];

const mailsBefore = new WeakMap<World, number>();

/**
 * The sweep subscribes every approver, and these people follow the link that confirms it. Later calls only restore what
 * the first one with these people has left, which is much faster.
 */
export async function subscribeApprovers(world: World, who = people): Promise<void> {
  const known = subscribed.get(who.join());
  if (known) {
    await createSettings(world);
    await restoreSubscriptions(world, known);
  } else {
    await sweep(world);
    for (const person of who) await followLink(world, person, 'ConfirmSubscription');
    await sweep(world);
    subscribed.set(who.join(), await saveSubscriptions(world));
  }
  forgetMails(world);
}

const subscribed = new Map<string, SavedSubscriptions>();

/** `newMails` begins here. */
export function forgetMails(world: World): void {
  mailsBefore.set(world, world.mails().length);
}

/** The mails since `forgetMails`. */
export function newMails(world: World): readonly Mail[] {
  return world.mails().slice(mailsBefore.get(world));
}

export async function sweep(world: World): Promise<void> {
  await createSettings(world);
  await world.fire('SweepApprovalsSweep');
  await world.settle();
}

/** Follows the link of SNS in the latest mail that has one. A scanner of mails does the same. */
export async function followLink(
  world: World,
  person: Person,
  action: 'ConfirmSubscription' | 'Unsubscribe',
): Promise<void> {
  const texts = world.mails().flatMap(({ to, text }) => (to === addresses[person] ? [text] : []));
  const links = texts.flatMap(
    (text) => new RegExp(`^https?://\\S+Action=${action}\\S+$`, 'm').exec(text)?.[0] ?? [],
  );
  const link = links.at(-1);
  if (link === undefined) throw new Error(`${person} has no mail with a link to ${action}`);
  const { status } = await fetch(link);
  if (status !== 200) throw new Error(`SNS answered ${status} to ${action} by ${person}`);
}

/** Image Builder announces the finished build, and every approver gets a mail. */
export async function requestApproval<B extends Build>(world: World, created: B): Promise<B> {
  await world.put(imageStateChange(world, created.imageArn, 'AVAILABLE'));
  await world.settle();
  return created;
}

export async function requestStepApproval(world: World, created: Build): Promise<Build> {
  await world.put(stepWaiting(world, created.imageArn, STEP_ID));
  await world.settle();
  return created;
}

/** The path of the link in the latest mail to a person. */
export function findLink(world: World, person: Person): string {
  const mails = world.mails().filter(({ to }) => to === addresses[person]);
  const paths = mails.flatMap(({ text }) => /^https?:\/\/[^/]+(\/approvals\/\S+)$/m.exec(text)?.[1] ?? []);
  const path = paths.at(-1);
  if (path === undefined) throw new Error(`${person} has no mail with a link`);
  return path;
}

/** Reads the code that the page asks approvers to type. */
export async function readCode(world: World, link: string): Promise<string> {
  const page = await openPage(world, link);
  const [, code] = /<label for="code">.*?<code>([^<]+)<\/code>/.exec(page) ?? [];
  if (code === undefined) throw new Error('The page does not ask for a code');
  return code;
}

export async function approve(world: World, person: Person): Promise<Response> {
  return (await prepareApproval(world, person))();
}

/** Opens the page and fills in the form. Returns a function that submits it. */
export async function prepareApproval(world: World, person: Person): Promise<() => Promise<Response>> {
  const link = findLink(world, person);
  const form = { decision: 'approve', code: await readCode(world, link) };
  return () => submitForm(world, link, form);
}

export function reject(world: World, person: Person, why: string): Promise<Response> {
  return submitForm(world, findLink(world, person), { decision: 'reject', why });
}

/** Opens the page, and reloads it after a server error. */
export async function openPage(world: World, link: string): Promise<string> {
  let response = await world.http(link);
  for (let retries = 3; retries > 0 && response.status >= 500; retries -= 1)
    response = await world.http(link);
  return response.text();
}

/** Submits the form, and submits it again after a server error. */
export async function submitForm(
  world: World,
  link: string,
  form: Readonly<Record<string, string>>,
): Promise<Response> {
  const init = { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' } as const;
  let response = await world.http(link, init);
  for (let retries = 3; retries > 0 && response.status >= 500; retries -= 1)
    response = await world.http(link, init);
  return response;
}
