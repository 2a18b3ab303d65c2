import { describe, expect, it } from 'vitest';
import { flag, list, oneOf, readEnvironment, text, wholeNumber } from '../../shared/config.ts';
import { ConfigurationError } from '../../shared/errors.ts';

const fields = {
  table: text('TABLE'),
  queue: text('QUEUE', { optional: true }),
  prefix: text('PREFIX', { fallback: 'gc' }),
  dryRun: flag('DRY_RUN'),
  loud: flag('LOUD', { fallback: false }),
  scope: oneOf('SCOPE', ['all', 'tagged']),
  hold: wholeNumber('HOLD', { min: 5, max: 1440 }),
  lead: wholeNumber('LEAD', { min: 0, max: 9, fallback: 0 }),
  regions: list('REGIONS', { each: /^[a-z]{2}-[a-z]+-\d$/ }),
  approvers: list('APPROVERS', { optional: true }),
};
const full = { TABLE: 't', DRY_RUN: 'true', SCOPE: 'tagged', HOLD: '30', REGIONS: 'eu-west-1, us-east-1' };

describe('readEnvironment', () => {
  it('reads every kind of field, typed and frozen', () => {
    const config = readEnvironment(full, fields);
    expect(config).toEqual({
      table: 't',
      queue: undefined,
      prefix: 'gc',
      dryRun: true,
      loud: false,
      scope: 'tagged',
      hold: 30,
      lead: 0,
      regions: ['eu-west-1', 'us-east-1'],
      approvers: [],
    });
    expect(Object.isFrozen(config)).toBe(true);
    const [table, queue]: [string, string | undefined] = [config.table, config.queue];
    const scope: 'all' | 'tagged' = config.scope;
    expect([table, queue, scope]).toEqual(['t', undefined, 'tagged']);
  });

  it('reports every fault in one message, and takes an empty variable for one that is not set', () => {
    const env = { TABLE: '', DRY_RUN: 'yes', SCOPE: 'some', HOLD: '1e3', REGIONS: 'eu-west-1,,x' };
    expect(() => readEnvironment(env, fields)).toThrowError(
      new ConfigurationError(
        'Configuration: TABLE is not set; DRY_RUN is "yes", expected true or false; ' +
          'SCOPE is "some", expected one of all, tagged; HOLD is "1e3", expected a whole number from 5 to 1440; ' +
          'REGIONS has the entry "", expected /^[a-z]{2}-[a-z]+-\\d$/',
      ),
    );
  });

  it.each(['4', '1441', '', ' 30', '30.5', '0x1e', 'NaN', '-30', '9'.repeat(400)])(
    'refuses %j as a number',
    (HOLD) => {
      expect(() => readEnvironment({ ...full, HOLD }, fields)).toThrow(/HOLD is/);
    },
  );
});
