import { gzipSync } from 'node:zlib';

/** What a browser has to get until it shows a page. */
export interface PageFacts {
  readonly bytes: number;
  /** As a content delivery network would send it. */
  readonly gzipBytes: number;
  /** Style sheets, scripts, pictures, fonts and frames from elsewhere, and each further redirect. */
  readonly furtherRequests: number;
}

export function describePage(html: string): PageFacts {
  const bytes = Buffer.from(html);
  return {
    bytes: bytes.length,
    gzipBytes: gzipSync(bytes).length,
    furtherRequests: [...html.matchAll(FETCHED)].length,
  };
}

/** Elements and rules that make a browser fetch something. A picture in the page itself is none. */
const FETCHED =
  /<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\ssrc=(?!["']?data:)|<link\b[^>]*\shref=(?!["']?data:)|@import\b|url\((?!["']?data:)/gi;
