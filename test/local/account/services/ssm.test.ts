import {
  GetCalendarStateCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setCalendar } from '../../../../local/scenario-kit/emulated-state.ts';
import { errorOf, type Fixture, isBetween, openAccount } from '../fixture.ts';
import { worldOf } from '../world.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await openAccount();
});
beforeEach(() => fixture.account.reset());
afterAll(() => fixture?.account.close());

const ask = (names: string[] | undefined, AtTime?: string) =>
  fixture.client(SSMClient, 'A').send(new GetCalendarStateCommand({ CalendarNames: names, AtTime }));

const noon = '2030-01-01T12:00:00Z';

describe('a change calendar', () => {
  it('returns its state and its next transition', async () => {
    setCalendar(worldOf(fixture), 'Freeze', { state: 'CLOSED', next: noon });
    const before = fixture.clock.now();
    const { State, AtTime = '', NextTransitionTime } = await ask(['Freeze']);
    expect({ State, NextTransitionTime }).toEqual({ State: 'CLOSED', NextTransitionTime: noon });
    expect(AtTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(isBetween(Date.parse(AtTime), before, fixture.clock.now())).toBe(true);
  });

  it('has the other state from its transition on', async () => {
    setCalendar(worldOf(fixture), 'Freeze', { state: 'CLOSED', next: noon });
    expect(await ask(['Freeze'], noon)).toMatchObject({ State: 'OPEN', AtTime: noon });
    expect((await ask(['Freeze'], noon)).NextTransitionTime).toBeUndefined();
    expect(await ask(['Freeze'], '2030-01-01T11:59:59Z')).toMatchObject({ State: 'CLOSED' });
  });

  it('is found by its ARN and by its name', async () => {
    const arn = 'arn:aws:ssm:eu-west-1:123456789012:document/Freeze';
    setCalendar(worldOf(fixture), 'Freeze', { state: 'OPEN' });
    setCalendar(worldOf(fixture), `${arn}-2`, { state: 'CLOSED' });
    expect((await ask([arn])).State).toBe('OPEN');
    expect((await ask([`${arn}-2`])).State).toBe('CLOSED');
  });

  it('closes a group of calendars until the last of them opens', async () => {
    const world = worldOf(fixture);
    setCalendar(world, 'Open', { state: 'OPEN' });
    setCalendar(world, 'Early', { state: 'CLOSED', next: '2030-01-01T10:00:00Z' });
    setCalendar(world, 'Late', { state: 'CLOSED', next: noon });
    expect((await ask(['Open'])).State).toBe('OPEN');
    expect(await ask(['Open', 'Early', 'Late'])).toMatchObject({ State: 'CLOSED', NextTransitionTime: noon });
  });

  it('that is unknown is reported as an invalid document', async () => {
    expect(await errorOf(ask(['Nobody']))).toMatchObject({ name: 'InvalidDocument' });
    setCalendar(worldOf(fixture), 'Open', { state: 'OPEN' });
    expect(await errorOf(ask(['Open', 'Nobody']))).toMatchObject({ name: 'InvalidDocument' });
  });

  it.each([
    [undefined, undefined, "Value null at 'calendarNames'"],
    [['Open'], 'tomorrow', 'AtTime tomorrow is not in ISO 8601 format'],
  ])('requested as %j at %j is rejected', async (names, at, message) => {
    setCalendar(worldOf(fixture), 'Open', { state: 'OPEN' });
    const error = await errorOf(ask(names, at));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain(message);
  });
});

it('moto still handles the rest of Systems Manager', async () => {
  const ssm = fixture.client(SSMClient, 'A');
  await ssm.send(new PutParameterCommand({ Name: 'policy', Value: 'open', Type: 'String' }));
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: 'policy' }));
  expect(Parameter?.Value).toBe('open');
});
