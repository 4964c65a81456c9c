//! What every push to a suite needs, in either form.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::problem::Problem;
use crate::push::{self, Draft, Report, Sent};
use crate::suites::{Suite, customer_number};
use crate::world::{Simulator, World};

pub type Sim = State<Arc<Simulator>>;
pub type Reported = Result<Json<Report>, Problem>;

/// The body of a call that takes none.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

pub fn sealed(world: &World, name: &str, draft: Draft) -> Result<Sent, Problem> {
    let suite = world.suites.iter().find(|suite| suite.name == name).ok_or_else(no_suite)?;
    draft.seal(suite, world.clock.now()).ok_or_else(no_suite)
}

pub async fn send(simulator: &Simulator, name: &str, sent: Sent) -> Reported {
    push::send(simulator, name, sent).await.map(Json).ok_or_else(no_suite)
}

pub fn suite<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Suite, Problem> {
    world.suites.iter_mut().find(|suite| suite.name == name).ok_or_else(no_suite)
}

pub fn require_customer(world: &World, corp_id: &str) -> Result<(), Problem> {
    if customer_number(corp_id, world.customers).is_some() {
        return Ok(());
    }
    Err(Problem::value("corpId", format!("{corp_id:?} is no customer; dingcust1 is one")))
}

pub fn not_authorised(corp_id: &str) -> Problem {
    Problem::value("corpId", format!("{corp_id:?} has not authorised this suite"))
}

pub fn no_suite() -> Problem {
    Problem::not_found("there is no suite of this name; GET /_sim/suites lists them")
}
