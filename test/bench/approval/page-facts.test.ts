import { describe, expect, it } from 'vitest';
import { describePage } from '../../../bench/approval/page-facts.ts';

describe('the facts of a page', () => {
  it('are its bytes, not its characters, and fewer with gzip', () => {
    const { bytes, gzipBytes } = describePage('ä'.repeat(1000));

    expect(bytes).toBe(2000);
    expect(gzipBytes).toBeLessThan(100);
  });

  it('count what a browser fetches from elsewhere', () => {
    const page = `
      <link rel="stylesheet" href="/style.css"><script src="a.js"></script><img alt="" src="b.png">
      <style>@import "c.css"; p { background: url(d.png) }</style>`;

    expect(describePage(page).furtherRequests).toBe(5);
  });

  it('do not count what is in the page itself, or follows a click', () => {
    const page = `
      <link rel="icon" href="data:,"><img alt="" src="data:image/png;base64,AA=="><script>run()</script>
      <style>p { background: url("data:image/png;base64,AA==") }</style><a href="https://example.com">more</a>`;

    expect(describePage(page).furtherRequests).toBe(0);
  });
});
