import { type ApprovalRecord, keyOf } from '../../../functions/ami-approval/domain/approval-record.ts';
import { requestApproval } from '../../../functions/ami-approval/request-approval/request-approval.ts';
import type { HttpRequest } from '../../../shared/events/http.ts';
import { clients, fakeInvocation, keep, requestConfig, stored } from './account.ts';
import { ANN, imageArn, NOW } from './approvals.ts';

// Requests as the functions write them, and visits to their links.

export const STEP = 'step-0a1b2c3d-0000-4000-8000-000000000001';
export const available = { kind: 'build available', imageArn } as const;
export const waiting = { kind: 'step waiting', imageArn, stepExecutionId: STEP } as const;
export const act = { next: 'act', imageArn } as const;

export async function pendingRequest(): Promise<ApprovalRecord> {
  await requestApproval([available], requestConfig, fakeInvocation().invocation);
  return stored();
}

export async function approvedRequest(): Promise<ApprovalRecord> {
  const record = await pendingRequest();
  const history = [...record.history, { at: NOW, round: 1, what: 'approve', who: ANN } as const];
  clients.sns.resetHistory();
  return keep({ ...record, status: 'approved', decidedAt: NOW, history });
}

/** A form that approves. */
export function httpRequest(token: string, more: Partial<HttpRequest> = {}): HttpRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const params = { image: keyOf(imageArn).image, token };
  return {
    method: 'POST',
    path: '/',
    route: '',
    params,
    query: new URLSearchParams(),
    headers,
    body: 'decision=approve&code=f60718',
    sourceIp: '203.0.113.7',
    userAgent: 'Firefox',
    requestId: 'r',
    ...more,
  };
}
