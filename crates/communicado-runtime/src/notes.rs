//! The texts of notes.
//!
//! Users write any number of notes, so the texts are not interned. Each source has the last two
//! notes of an account: the state of a client can show the older one until a new connection to the
//! client counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_core::{AccountId, NoteId, SourceId};

/// An account, as one source reports it.
type Author = (SourceId, AccountId);

#[derive(Debug, Default)]
pub(crate) struct NoteTable {
    texts: BTreeMap<NoteId, Arc<str>>,
    recent: BTreeMap<Author, RecentNotes>,
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct RecentNotes {
    latest: NoteId,
    earlier: Option<NoteId>,
}

impl NoteTable {
    /// The number of a note, and whether it is new.
    pub(crate) fn number_of(&mut self, author: Author, text: Arc<str>) -> (NoteId, bool) {
        if let Some(RecentNotes { latest, .. }) = self.recent.get(&author)
            && self.texts.get(latest) == Some(&text)
        {
            return (*latest, false);
        }
        self.last = self.last.wrapping_add(1);
        let id = NoteId(self.last);
        self.insert(id, author, text);
        (id, true)
    }

    /// Inserts a note with its number, and removes the author's last but one.
    pub(crate) fn insert(&mut self, id: NoteId, author: Author, text: Arc<str>) {
        let before = self.recent.insert(author, RecentNotes { latest: id, earlier: None });
        if let Some(RecentNotes { latest, earlier }) = before {
            if let Some(earlier) = earlier {
                self.texts.remove(&earlier);
            }
            self.recent.insert(author, RecentNotes { latest: id, earlier: Some(latest) });
        }
        self.texts.insert(id, text);
    }

    pub(crate) fn text(&self, id: NoteId) -> Option<Arc<str>> {
        self.texts.get(&id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Author = (SourceId(0), AccountId(0));
    const BOB: Author = (SourceId(0), AccountId(1));

    #[test]
    fn each_text_of_an_account_has_another_number() {
        let mut notes = NoteTable::default();
        let (lunch, is_new) = notes.number_of(ALICE, "at lunch".into());
        assert!(is_new);
        assert_eq!(notes.number_of(ALICE, "at lunch".into()), (lunch, false));
        let (same_text, _) = notes.number_of(BOB, "at lunch".into());
        let (back, _) = notes.number_of(ALICE, "back".into());
        assert!(lunch != same_text && lunch != back && same_text != back);
    }

    #[test]
    fn only_the_last_two_texts_of_an_account_stay() {
        let mut notes = NoteTable::default();
        let (of_bob, _) = notes.number_of(BOB, "at lunch".into());
        let ids: Vec<NoteId> =
            (0..100).map(|text: u32| notes.number_of(ALICE, text.to_string().into()).0).collect();
        let kept: Vec<String> =
            ids.iter().filter_map(|id| Some(notes.text(*id)?.to_string())).collect();
        assert_eq!(kept, ["98", "99"]);
        assert_eq!(notes.text(of_bob).as_deref(), Some("at lunch"));
        assert_eq!(notes.texts.len(), 3);
    }
}
