//! The codes that a callback gets.

use std::collections::{HashMap, VecDeque};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::client::Client;
use super::seed::Person;
use crate::clock::Millis;

pub struct Code {
    pub person: &'static Person,
    pub client: Client,
    /// The application that the link named.
    pub agent_id: Option<String>,
    /// Where the code was sent: host, with its port where that is not the default one.
    pub domain: String,
    /// `snsapi_privateinfo`: more may be asked about the person.
    pub private: bool,
    pub expires: Millis,
    pub used: bool,
}

/// A load test that never redeems its codes must not fill the memory.
const MOST: usize = 10_000;

#[derive(Default)]
pub struct Codes {
    known: HashMap<String, Code>,
    oldest: VecDeque<String>,
    /// A client that repeats its request gets the code again.
    attempts: HashMap<String, String>,
}

impl Codes {
    pub fn issue(&mut self, attempt: String, length: usize, now: Millis, code: Code) -> String {
        let again = self.attempts.get(&attempt);
        if let Some(value) = again.filter(|value| self.known.get(*value).is_some_and(|c| now < c.expires)) {
            return value.clone();
        }
        if self.oldest.len() >= MOST
            && let Some(value) = self.oldest.pop_front()
        {
            self.known.remove(&value);
            self.attempts.retain(|_, other| *other != value);
        }
        let value = random(length);
        self.known.insert(value.clone(), code);
        self.oldest.push_back(value.clone());
        self.attempts.insert(attempt, value.clone());
        value
    }

    pub fn get_mut(&mut self, value: &str) -> Option<&mut Code> {
        self.known.get_mut(value)
    }
}

/// Samples look like base64url.
fn random(length: usize) -> String {
    let bytes: Vec<u8> = (0..length).map(|_| rand::random()).collect();
    BASE64_URL_SAFE_NO_PAD.encode(bytes).chars().take(length).collect()
}
