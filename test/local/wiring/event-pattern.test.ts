import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../local/wiring/event-pattern.ts';

const event = {
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance State-change Notification',
  resources: ['arn:aws:ec2:eu-west-1:1:instance/i-1', 'arn:aws:ec2:eu-west-1:1:instance/i-2'],
  detail: {
    state: 'running',
    count: 3,
    spot: true,
    owner: null,
    tags: ['a', 'b'],
    groups: [
      { name: 'x', size: 1 },
      { name: 'y', size: 2 },
    ],
  },
};

describe('an event pattern', () => {
  it.each<[object, boolean]>([
    [{ source: ['aws.ec2'] }, true],
    [{ source: ['aws.health', 'aws.ec2'] }, true],
    [{ source: ['aws.health'] }, false],
    [{ source: ['aws.ec2'], detail: { state: ['terminated'] } }, false],
    [{ detail: { state: ['running'], count: [3] } }, true],
    [{ detail: { count: ['3'] } }, false],
    [{ detail: { spot: [true] } }, true],
    [{ detail: { spot: ['true'] } }, false],
    [{ detail: { owner: [null] } }, true],
    [{ detail: { missing: [null] } }, false],
    [{ detail: { tags: ['b'] } }, true],
    [{ detail: { tags: ['c'] } }, false],
    [{ resources: [{ suffix: '/i-2' }] }, true],
    [{ source: [{ prefix: 'aws.' }] }, true],
    [{ source: [{ prefix: 'ec2' }] }, false],
    [{ detail: { count: [{ prefix: '3' }] } }, false],
    [{ detail: { state: [{ 'anything-but': 'running' }] } }, false],
    [{ detail: { state: [{ 'anything-but': ['pending', 'stopped'] }] } }, true],
    [{ detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    [{ detail: { tags: [{ 'anything-but': 'a' }] } }, true],
    [{ detail: { state: [{ exists: true }] } }, true],
    [{ detail: { state: [{ exists: false }] } }, false],
    [{ detail: { missing: [{ exists: false }] } }, true],
    [{ detail: { missing: [{ exists: true }] } }, false],
    [{ detail: { missing: { deeper: [{ exists: false }] } } }, true],
    [{ detail: { missing: { deeper: ['x'] } } }, false],
    [{ detail: { groups: { name: ['y'], size: [2] } } }, true],
    [{ detail: { groups: { name: ['x'], size: [2] } } }, false],
    [{ detail: { state: ['stopped', { prefix: 'run' }] } }, true],
    [{ source: [{ 'equals-ignore-case': 'AWS.EC2' }] }, true],
    [{ source: [{ 'equals-ignore-case': 'AWS' }] }, false],
    [{ resources: [{ wildcard: 'arn:aws:ec2:*/i-2' }] }, true],
    [{ source: [{ wildcard: 'aws.*' }] }, true],
    [{ source: [{ wildcard: 'aws?ec2' }] }, false],
    [{ source: [{ wildcard: 'aws.\\*' }] }, false],
    [{ detail: { count: [{ numeric: ['>', 1] }] } }, true],
    [{ detail: { count: [{ numeric: ['>', 1, '<', 3] }] } }, false],
    [{ detail: { count: [{ numeric: ['=', 3] }] } }, true],
    [{ detail: { state: [{ numeric: ['>', 1] }] } }, false],
    [{ source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
    [{ source: [{ 'anything-but': { suffix: '.s3' } }] }, true],
    [{ detail: { missing: [{ 'anything-but': { prefix: 'a' } }] } }, false],
    [{ toString: ['x'] }, false],
  ])('%j matches: %s', (pattern, expected) => {
    expect(compilePattern(pattern)(event)).toBe(expected);
  });

  it.each<[unknown, string]>([
    [{ detail: { count: [{ numeric: ['near', 1] }] } }, 'detail.count has numeric: ["near",1]'],
    [{ detail: { count: [{ numeric: 3 }] } }, 'detail.count has numeric: 3'],
    [{ source: [{ wildcard: 3 }] }, 'source has wildcard: 3, which is not text'],
    [{ source: [{ cidr: '10.0.0.0/8' }] }, 'source uses cidr'],
    [{ source: [{}] }, 'source uses'],
    [{ $or: [{ source: ['a'] }, { source: ['b'] }] }, '$or is not supported locally'],
    [{ source: 'aws.ec2' }, 'source is a list or an object, not "aws.ec2"'],
    [{ source: [] }, 'source is an empty list'],
    [{ detail: {} }, 'empty at detail'],
    [{}, 'is empty'],
    ['aws.ec2', 'is an object, not "aws.ec2"'],
    [{ source: [{ exists: 'true' }] }, 'source has exists: true'],
    [{ source: [{ prefix: { 'equals-ignore-case': 'A' } }] }, 'source has prefix'],
    [{ source: [{ 'anything-but': { numeric: [1] } }] }, 'source compares with {"numeric":[1]}'],
    [{ source: [{ prefix: 'a', suffix: 'b' }] }, 'two operators'],
  ])('%j is rejected', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});
