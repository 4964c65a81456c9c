//! Today's applications: who a code belongs to, in the organisation of the application or of a suite's customer.

use serde_json::json;

use super::{Fields, Refusal, fields, holder, refusal};
use crate::call::Call;
use crate::codes::Namespace;
use crate::seed;
use crate::tokens::Family;
use crate::world::World;

pub fn getuserinfo(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let (family, holder) = holder(world, call, &[Family::App, Family::Corp])?;
    if family == Family::Corp && holder.suite_key.is_none() {
        // No micro-app of an enterprise's own making is seeded, so none has such a token.
        return Err(refusal::BAD_TOKEN);
    }
    let corp_id = holder.corp_id;
    let code = call.body_text("code").ok_or_else(|| refusal::missing("code"))?;
    let redeemed = world.codes.redeem(&code, Namespace::Runtime, &corp_id, world.clock.now());
    let person = redeemed.and_then(seed::person).ok_or(refusal::NO_CODE)?;
    Ok(fields(json!({ "result": {
        "userid": person.member_id(&corp_id),
        "unionid": person.union_id(&corp_id),
        "associated_unionid": format!("associated-{}", person.union_id(&corp_id)),
        "name": person.nickname,
        "device_id": format!("device-of-{}", person.id),
        "sys": false,
        "sys_level": 0,
    } })))
}
