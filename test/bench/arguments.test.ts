import { describe, expect, it } from 'vitest';
import { parseBenchArguments } from '../../bench/arguments.ts';

const names = ['cold-start', 'storm'];

describe('the arguments of npm run bench', () => {
  it('are all benches for people by default', () => {
    expect(parseBenchArguments([], names)).toEqual({ only: undefined, json: false, help: false });
  });

  it('choose one bench', () => {
    expect(parseBenchArguments(['--only', 'storm', '--json'], names)).toMatchObject({
      only: 'storm',
      json: true,
    });
  });

  it.each([
    [['--only', 'strom'], '--only: expected one of cold-start, storm, got "strom"'],
    [['--fast'], /'--fast'/],
    [['storm'], /storm/],
  ])('refuse %j', (args, message) => {
    expect(() => parseBenchArguments(args, names)).toThrow(message);
  });
});
