//! The embedded board and JavaScript client, which need no token.
//!
//! The gateway serves only the files in the table and reads no disk. The build makes
//! `web/client.js` from `web/client.ts`; `conformance/board` tests them in a browser.

/// A file and its path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static [u8],
}

/// The content security policy of the pages: same-origin resources only, no inline script or style,
/// no text evaluated as script.
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

/// The files. The operator's logo replaces the icon at `/logo`.
pub(crate) const ASSETS: &[Asset] = &[
    asset("/", HTML, include_bytes!("../web/index.html")),
    asset("/admin.js", SCRIPT, include_bytes!("../web/admin.js")),
    asset("/board.css", STYLE, include_bytes!("../web/board.css")),
    asset("/board.js", SCRIPT, include_bytes!("../web/board.js")),
    asset("/client.d.ts", TEXT, include_bytes!("../web/client.d.ts")),
    asset("/client.js", SCRIPT, include_bytes!("../web/client.js")),
    asset("/icon.svg", PICTURE, include_bytes!("../web/icon.svg")),
    asset("/lobby.js", SCRIPT, include_bytes!("../web/lobby.js")),
    asset("/logo", PICTURE, include_bytes!("../web/icon.svg")),
    asset("/manifest.webmanifest", MANIFEST, include_bytes!("../web/manifest.webmanifest")),
    asset("/own.js", SCRIPT, include_bytes!("../web/own.js")),
    asset("/pair.js", SCRIPT, include_bytes!("../web/pair.js")),
    asset("/privacy.js", SCRIPT, include_bytes!("../web/privacy.js")),
    asset("/service-worker.js", SCRIPT, include_bytes!("../web/service-worker.js")),
    asset("/table.js", SCRIPT, include_bytes!("../web/table.js")),
    asset("/tabs.js", SCRIPT, include_bytes!("../web/tabs.js")),
    asset("/texts.js", SCRIPT, include_bytes!("../web/texts.js")),
    asset("/words.js", SCRIPT, include_bytes!("../web/words.js")),
];

const fn asset(path: &'static str, content_type: &'static str, body: &'static [u8]) -> Asset {
    Asset { path, content_type, body }
}
