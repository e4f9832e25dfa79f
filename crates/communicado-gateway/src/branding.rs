//! The title, the logo and the names of groups that an operator gives the board.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use communicado_cli_support::{Failure, Outcome};
use communicado_wire::gateway::is_id;

use crate::limits::{LOGO_BYTES, NAME_CHARS};
use crate::sanitize::line;

/// The title, the logo and the names of groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branding {
    pub(crate) title: Option<Arc<str>>,
    pub(crate) logo: Option<Logo>,
    /// The display name of a group, by id.
    pub(crate) group_names: BTreeMap<Arc<str>, Arc<str>>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logo {
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Logo {
    /// Reads a picture.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is too large, or is no picture that browsers show.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let failure = || {
            Failure::new(Outcome::Failed, format!("cannot read the logo {}", path.display()))
                .help("give --logo an SVG, PNG, JPEG or WebP file")
        };
        let file = std::fs::File::open(path).map_err(|why| failure().cause(why))?;
        let mut body = Vec::new();
        let one_more = u64::try_from(LOGO_BYTES.max).unwrap_or(u64::MAX).saturating_add(1);
        file.take(one_more).read_to_end(&mut body).map_err(|why| failure().cause(why))?;
        if !LOGO_BYTES.allows(body.len()) {
            return Err(failure().cause(format!("it has more than {} bytes", LOGO_BYTES.max)));
        }
        let Some(content_type) = content_type(&body) else {
            return Err(failure().cause("it is none of these pictures"));
        };
        Ok(Self { content_type, body: body.into() })
    }
}

/// The type of a picture, from its first bytes.
fn content_type(body: &[u8]) -> Option<&'static str> {
    let is_webp = body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP".as_slice());
    match body {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        _ if is_webp => Some("image/webp"),
        _ => {
            let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim_start();
            let is_svg = text.starts_with('<') && text.contains("<svg");
            is_svg.then_some("image/svg+xml")
        }
    }
}

/// Parses a title for clap.
///
/// # Errors
///
/// If the text is not one short line.
pub(crate) fn title(text: &str) -> Result<Arc<str>, String> {
    let error = |_| format!("give one line of at most {} characters", NAME_CHARS.max);
    line("title", text.into(), NAME_CHARS).map_err(error)
}

/// Parses the display name of a group for clap: `new-york=New York`.
///
/// # Errors
///
/// If the id or the name is invalid.
pub(crate) fn group_name(text: &str) -> Result<(Arc<str>, Arc<str>), String> {
    let Some((id, name)) = text.split_once('=') else {
        return Err("give the id and the name, for example `new-york=New York`".to_owned());
    };
    if !is_id(id) {
        return Err(format!("`{id}` is not the id of a group; for example `new-york=New York`"));
    }
    Ok((id.into(), title(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_type_of_its_bytes() {
        let svg =
            b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(content_type(svg), Some("image/svg+xml"));
        assert_eq!(content_type(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
        assert_eq!(content_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(content_type(b"RIFF\x00\x00\x00\x00WEBP"), Some("image/webp"));
        for other in [b"".as_slice(), b"<html>", b"RIFF\x00\x00\x00\x00WAVE", b"\xff\xfe<svg"] {
            assert_eq!(content_type(other), None);
        }
    }

    #[test]
    fn a_group_has_an_id_and_a_name() {
        let pair = |id: &str, name: &str| Ok((id.into(), name.into()));
        assert_eq!(group_name("new-york=New York"), pair("new-york", "New York"));
        assert_eq!(group_name("r-d=R=D"), pair("r-d", "R=D"));
        for bad in ["", "london", "New York=x", "london=", "london= ", "london=a\nb"] {
            assert!(group_name(bad).is_err(), "{bad}");
        }
    }
}
