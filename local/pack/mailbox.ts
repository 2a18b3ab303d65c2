import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Arrival } from '../wiring/arrival.ts';
import type { Chat, Mail } from '../wiring/sns-topics.ts';

export interface Mailbox {
  readonly mails: readonly (Mail & Arrival)[];
  readonly chats: readonly (Chat & Arrival)[];
  receive(mail: Mail): void;
  receiveChat(chat: Chat): void;
  clear(): void;
}

/** Keeps what SNS would have mailed: in memory, and as a file each when there is a folder for them. */
export function createMailbox(clock: Clock, folder?: string): Mailbox {
  const mails: (Mail & Arrival)[] = [];
  const chats: (Chat & Arrival)[] = [];
  const arrival = (): Arrival => ({ at: clock.now(), arrivedAt: performance.now() });
  if (folder !== undefined) empty(folder);
  return {
    mails,
    chats,
    receiveChat: (chat) => {
      chats.push({ ...chat, ...arrival() });
    },
    receive: (mail) => {
      mails.push({ ...mail, ...arrival() });
      if (folder !== undefined) write(folder, mail, mails.length, clock.now());
    },
    clear: () => {
      if (folder !== undefined && mails.length > 0) empty(folder);
      mails.length = 0;
      chats.length = 0;
    },
  };
}

function empty(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.txt'))) rmSync(join(folder, name));
}

function write(folder: string, mail: Mail, number: number, now: number): void {
  writeFileSync(join(folder, fileName(mail, number, now)), toText(mail, now));
}

/** Sorts by arrival: `2026-11-21T09-30-00Z-001-two-minutes-left.txt`. */
function fileName({ subject }: Mail, number: number, now: number): string {
  const time = new Date(now).toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  const slug = subject
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);
  return `${time}-${String(number).padStart(3, '0')}-${slug}.txt`;
}

function toText({ to, topic, subject, text }: Mail, now: number): string {
  return `To: ${to}\nFrom: ${topic}\nDate: ${new Date(now).toUTCString()}\nSubject: ${subject}\n\n${text}\n`;
}
