//! Which pages `dd.config` was accepted for.

use std::collections::{HashMap, HashSet, VecDeque};

/// One page load on one person's phone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Page {
    pub person: &'static str,
    /// Without the fragment.
    pub url: String,
    /// Made up by the script at each load, so that a reload has to configure again; empty where it was not sent.
    pub load: String,
}

/// Far more page loads than any test looks back on.
const MOST_PAGES: usize = 10_000;

#[derive(Default)]
pub struct VerifiedPages {
    apis: HashMap<Page, HashSet<String>>,
    oldest: VecDeque<Page>,
}

impl VerifiedPages {
    pub fn grant(&mut self, page: Page, apis: Vec<String>) {
        if self.apis.insert(page.clone(), apis.into_iter().collect()).is_none() {
            self.oldest.push_back(page);
        }
        while self.oldest.len() > MOST_PAGES {
            if let Some(page) = self.oldest.pop_front() {
                self.apis.remove(&page);
            }
        }
    }

    pub fn allows(&self, page: &Page, api: &str) -> bool {
        self.apis.get(page).is_some_and(|apis| apis.contains(api))
    }
}
