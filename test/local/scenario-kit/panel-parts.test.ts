import { expect, it } from 'vitest';
import { script } from '../../../local/console/script.ts';
import { button, formatLeft, withLinks } from '../../../local/scenario-kit/panel-parts.ts';

it.each([
  [-5, '0:00'],
  [101_000, '1:41'],
  [59 * 60_000, '59:00'],
  [125 * 60_000, '2 h 05 min'],
  [71 * 3_600_000, '2 d 23 h'],
])('%s ms are %s', (ms, expected) => {
  expect(formatLeft(ms)).toBe(expected);
});

it('has a script that a browser understands and that is short', () => {
  expect(() => new Function(script)).not.toThrow();
  expect(script.length).toBeLessThan(2500);
  expect(script.split('\n').length).toBeLessThanOrEqual(30);
});

it('escapes what a button carries', () => {
  expect(button('wing.act', 'Act <b>', '"x"').markup).toContain(
    'value="&quot;x&quot;"><button name="action" value="wing.act">Act &lt;b&gt;<',
  );
});

it('shortens a long link, and keeps where it leads', () => {
  const link = `https://health.aws.amazon.com/${'a'.repeat(100)}`;
  const markup = withLinks(`see ${link} now`)
    .map((one) => one.markup)
    .join('');

  expect(markup).toContain(`href="${link}"`);
  expect(markup).toContain(`>${link.slice(0, 64)}…</a> now`);
});
