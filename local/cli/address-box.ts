import { styleText } from 'node:util';

/** The address of the page in a box, as lines. In colour where the terminal has some and NO_COLOR is not set. */
export function boxAddress(url: string): readonly string[] {
  const [label, gap] = ['Groundcrew is up', '   '];
  const line = '─'.repeat(label.length + gap.length + url.length + 4);
  const text = `${styleText('bold', label)}${gap}${styleText('cyan', url)}`;
  return [`╭${line}╮`, `│  ${text}  │`, `╰${line}╯`];
}
