import { httpHandler } from '#shared/handlers/http.ts';
import { readDecideConfig } from '../config.ts';
import { decideApproval } from './decide-approval.ts';
import { pageHeaders } from './page-style.ts';

const config = readDecideConfig();

/** Serves the page behind a link. GET and HEAD only show it; POST votes. */
export const handler = httpHandler({
  headers: pageHeaders,
  maxBodyBytes: 8_192,
  handle: (request, invocation) => decideApproval(request, config, invocation),
});
