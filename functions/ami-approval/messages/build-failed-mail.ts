import type { Notification } from '#shared/chat.ts';
import { subjectLine } from '#shared/mail-text.ts';
import type { BuildFailure } from '../domain/build-failure.ts';
import { stripFormatCharacters } from '../domain/plain-text.ts';
import { imageThread } from './chat.ts';

/** For on-call: a build failed. */
export function buildFailedMail({
  imageArn,
  reason,
}: Pick<BuildFailure, 'imageArn' | 'reason'>): Notification {
  const [, name = '', ...version] = imageArn.split('/');
  const build = `${name} ${version.join('/')}`;
  const subject = subjectLine(`Image build ${build} failed`);
  const lines = [
    `The image build ${build} failed.`,
    'No approval was requested. Fix the cause and start the build again.',
    '',
    `Reason: ${reason}`,
    '',
    imageArn,
  ];
  const text = stripFormatCharacters(lines.join('\n'));
  return { subject, text, chat: [{ title: subject, text, thread: imageThread(imageArn) }] };
}
