/** Serves the files that browsers and clients look for on every site: icons, the logo of the operator, and `robots.txt`. */
import { readFileSync } from 'node:fs';
import { type RequestHandler, Router } from 'express';
import { ICON_PATH, LOGO_PATH, PNG_ICON_PATHS, ROBOTS_PATH } from '../http/paths.ts';
import type { OAuthServices } from '../services.ts';

/** Crawlers may read everything: only then they see that every page says `noindex`. */
const ROBOTS = 'User-agent: *\nDisallow:\n';

export function siteFiles({ pages, operator: { logo } }: Pick<OAuthServices, 'pages' | 'operator'>): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(ICON_PATH, imageHandler('image/svg+xml', Buffer.from(pages.icon)));
  const png = readFileSync(new URL('../../../views/icon.png', import.meta.url));
  router.get([...PNG_ICON_PATHS], imageHandler('image/png', png));
  if (logo !== undefined) router.get(LOGO_PATH, imageHandler(logo.type, logo.bytes));
  router.get(ROBOTS_PATH, (_request, response) => void response.type('text').send(ROBOTS));
  return router;
}

/** An SVG that is opened as a page runs nothing and loads nothing: `sandbox` (CSP 3 §6.3.2). */
function imageHandler(type: string, bytes: Buffer): RequestHandler {
  return (_request, response) => {
    response.set({
      'Content-Type': type,
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'public, max-age=3600',
    });
    response.send(bytes);
  };
}
