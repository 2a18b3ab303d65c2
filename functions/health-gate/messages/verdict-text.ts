import { healthEventPage } from '#shared/partitions.ts';
import { truncate } from '#shared/redact.ts';
import { formatIso } from '#shared/time.ts';
import type { HealthIssue } from '../domain/health-issue.ts';
import type { Override } from '../domain/override.ts';
import type { Policy } from '../domain/policy.ts';
import type { CalendarState, Verdict } from '../domain/verdict.ts';

// Texts for the owners of pipelines. "The Region Is Healthy" and "Incident In Progress" come from AWS's own sample and
// stay as they are: pipelines may search for them.

const MAX_ISSUES = 5;

/** The verdict in one or more sentences, for a summary, a failure message or a mail. */
export function describeVerdict(verdict: Verdict, policy: Policy): string {
  switch (verdict.verdict) {
    case 'PASS':
      return 'The Region Is Healthy';
    case 'BLOCK':
      return [...describeIssues(verdict.issues), ...describeCalendars(verdict.calendars, policy)].join(' ');
    case 'UNKNOWN':
      return `A check failed: ${describeSourceErrors(verdict.sourceErrors)}`;
    case 'MISCONFIGURED':
      return `The gate cannot decide: ${describeSourceErrors(verdict.sourceErrors)}`;
  }
}

export function describeOverride({ until, reason }: Override): string {
  return `OVERRIDDEN until ${formatIso(until)}: ${reason}`;
}

function describeIssues(issues: readonly HealthIssue[]): string[] {
  if (issues.length === 0) return [];
  const shown = issues.slice(0, MAX_ISSUES).map(describeIssue);
  const more = issues.length > MAX_ISSUES ? [`and ${issues.length - MAX_ISSUES} more`] : [];
  return [`Incident In Progress: ${[...shown, ...more].join('; ')}.`];
}

function describeIssue({ code, region, zone, service, startedAt, arn }: HealthIssue): string {
  return `${code} in ${zone ?? region} (${service}) since ${formatIso(startedAt)}, ${healthEventPage(arn)}`;
}

function describeCalendars(calendars: CalendarState | undefined, policy: Policy): string[] {
  if (!calendars) return [];
  const until = calendars.changesAt === undefined ? '' : ` until ${formatIso(calendars.changesAt)}`;
  return [`Closed by Change Calendar${until}: ${policy.calendars.join(', ')}.`];
}

function describeSourceErrors(sourceErrors: readonly { readonly message: string }[]): string {
  const messages = [...new Set(sourceErrors.map(({ message }) => message))];
  return truncate(messages.join('; '), 1500);
}
