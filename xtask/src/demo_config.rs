//! The configuration of a server that plays against the simulator. The ids and secrets are those that the simulator knows.

use std::path::Path;

use crate::ports::Ports;

pub const CORP_ID: &str = "dingcorp1";
pub const AGENT_ID: &str = "123456";
/// The simulator's user where none was chosen on its phone page: an employee in the directory.
pub const DEFAULT_USER_ID: &str = "userid-employee-dingcorp1";

/// Who serves the page that the browser is sent to. The other one may serve it too.
#[derive(Clone, Copy)]
pub enum Front {
    Server,
    Trunk,
}

impl Front {
    pub fn port(self, ports: &Ports) -> u16 {
        match self {
            Self::Server => ports.server,
            Self::Trunk => ports.trunk,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Server => Self::Trunk,
            Self::Trunk => Self::Server,
        }
    }
}

pub struct DemoConfig<'a> {
    pub ports: &'a Ports,
    pub front: Front,
    pub state_dir: &'a Path,
}

impl DemoConfig<'_> {
    pub fn to_toml(&self) -> String {
        let Self { ports, front, state_dir } = self;
        let Ports { server, ops, simulator, .. } = ports;
        let (public_port, also_port) = (front.port(ports), front.other().port(ports));
        let state_dir = toml_string(&state_dir.display().to_string());
        format!(
            r#"# Written by `cargo xtask`; the next run writes it anew. The secrets are the simulator's and open nothing else.
listen = "127.0.0.1:{server}"
ops_listen = "127.0.0.1:{ops}"
public_url = "http://127.0.0.1:{public_port}"
allowed_origins = ["http://127.0.0.1:{also_port}"]
state_dir = {state_dir}

[dingtalk]
oapi_url = "http://127.0.0.1:{simulator}"
api_url = "http://127.0.0.1:{simulator}"
simulator = true

[store]
url = "memory:"

[[apps]]
corp_id = "{CORP_ID}"
agent_id = "{AGENT_ID}"
kind = "channel"
channel_secret = "channel-secret-of-dingcorp1"
corp_secret = "corp-secret-of-dingcorp1"
jsapi_url = "http://127.0.0.1:{simulator}/jsapi/dingtalk.js"

[[apps]] # today's service window
corp_id = "dingvirtual1"
agent_id = "223456"
kind = "h5"
client_id = "client-of-dingvirtual1"
client_secret = "client-secret-of-dingvirtual1"
jsapi_url = "http://127.0.0.1:{simulator}/jsapi/dingtalk.js"

[[apps]] # WeCom
corp_id = "ww0123456789abcdef"
agent_id = "1000002"
kind = "wecom"
secret = "secret-of-1000002"
audience = "anyone"
web_login = true
"#
        )
    }
}

/// The address that logs in, on whichever port serves the page.
pub fn login_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/?corpid={CORP_ID}&agentid={AGENT_ID}")
}

fn toml_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_stands_where_it_belongs() {
        let ports = Ports { server: 1, ops: 2, simulator: 3, trunk: 4 };
        let config = DemoConfig { ports: &ports, front: Front::Trunk, state_dir: Path::new("/s") };
        let toml = config.to_toml();
        for line in [
            "listen = \"127.0.0.1:1\"",
            "ops_listen = \"127.0.0.1:2\"",
            "public_url = \"http://127.0.0.1:4\"",
            "allowed_origins = [\"http://127.0.0.1:1\"]",
            "state_dir = \"/s\"",
            "oapi_url = \"http://127.0.0.1:3\"",
            "jsapi_url = \"http://127.0.0.1:3/jsapi/dingtalk.js\"",
        ] {
            assert!(toml.lines().any(|l| l == line), "{line} is missing from\n{toml}");
        }
    }

    #[test]
    fn odd_paths_stay_one_string() {
        assert_eq!(toml_string(r#"/a "b"\c"#), r#""/a \"b\"\\c""#);
    }

    #[test]
    fn the_url_names_the_default_person_s_app() {
        assert_eq!(login_url(8080), "http://127.0.0.1:8080/?corpid=dingcorp1&agentid=123456");
    }
}
