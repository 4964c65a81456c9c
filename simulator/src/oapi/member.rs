//! Today's applications: who a code belongs to, in the organisation of the application.

use serde_json::json;

use super::{Fields, Refusal, authorised, fields, refusal};
use crate::call::Call;
use crate::codes::Namespace;
use crate::seed;
use crate::tokens::Family;
use crate::world::World;

pub fn getuserinfo(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = authorised(world, call, Family::App)?;
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
