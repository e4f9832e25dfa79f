//! The board and the client in JavaScript, embedded: what is served to everybody, without a token.
//!
//! What is not in the table is not served, and nothing is read from a disk. `web/client.js` is made
//! from `web/client.ts`; `conformance/board` tries all of it in a browser.

/// A file, at its address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static [u8],
}

/// What a browser lets these pages do: nothing from elsewhere, nothing to elsewhere, no script and
/// no style inside of a page, no text made into a script.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types board";

pub(crate) const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const MANIFEST: &str = "application/manifest+json";
const PICTURE: &str = "image/svg+xml";

pub(crate) const PAGES: &[Page] = &[
    page("/", HTML, include_bytes!("../web/index.html")),
    page("/board.css", STYLE, include_bytes!("../web/board.css")),
    page("/board.js", SCRIPT, include_bytes!("../web/board.js")),
    page("/client.d.ts", TEXT, include_bytes!("../web/client.d.ts")),
    page("/client.js", SCRIPT, include_bytes!("../web/client.js")),
    page("/icon.svg", PICTURE, include_bytes!("../web/icon.svg")),
    page("/lobby.js", SCRIPT, include_bytes!("../web/lobby.js")),
    page("/manifest.webmanifest", MANIFEST, include_bytes!("../web/manifest.webmanifest")),
    page("/own.js", SCRIPT, include_bytes!("../web/own.js")),
    page("/service-worker.js", SCRIPT, include_bytes!("../web/service-worker.js")),
    page("/table.js", SCRIPT, include_bytes!("../web/table.js")),
    page("/tabs.js", SCRIPT, include_bytes!("../web/tabs.js")),
    page("/words.js", SCRIPT, include_bytes!("../web/words.js")),
];

const fn page(path: &'static str, content_type: &'static str, body: &'static [u8]) -> Page {
    Page { path, content_type, body }
}
