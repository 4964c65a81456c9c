//! A real nginx, in a process of its own.

use super::{listening, shipped};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Nginx {
    pub url: String,
    child: Child,
    dir: PathBuf,
}

impl Nginx {
    /// Listens on `port` and runs with `http`, the inside of its `http` section, where `PORT` stands for the port.
    pub async fn start(port: u16, http: &str) -> Self {
        let dir = directory(port);
        Self::run(port, dir, http).await
    }

    /// Runs `http` beside the files that an enterprise copies to `/etc/nginx/miandeng`, for a miandeng and an application
    /// at these addresses (host and port). `adjust` may change a file: it gets its name and its text.
    pub async fn with_shipped(
        port: u16,
        [miandeng, application]: [&str; 2],
        http: &str,
        adjust: impl Fn(&str, String) -> String,
    ) -> Self {
        let dir = directory(port);
        std::fs::create_dir_all(dir.join("miandeng")).unwrap();
        for name in ["upstream.conf", "http.conf", "server.conf", "app.conf", "public.conf", "php.conf"] {
            let mut text = shipped::file(&format!("deploy/nginx/{name}"));
            if name == "upstream.conf" {
                let values = [("127.0.0.1:8080", miandeng), ("127.0.0.1:3000", application)];
                text = shipped::fill(&text, &values);
            }
            std::fs::write(dir.join("miandeng").join(name), adjust(name, text)).unwrap();
        }
        Self::run(port, dir, http).await
    }

    /// The same, with further files beside them.
    pub async fn with_files(port: u16, addresses: [&str; 2], http: &str, files: &[(&str, String)]) -> Self {
        let miandeng = directory(port).join("miandeng");
        std::fs::create_dir_all(&miandeng).unwrap();
        for (name, text) in files {
            std::fs::write(miandeng.join(name), text).unwrap();
        }
        Self::with_shipped(port, addresses, http, |_, text| text).await
    }

    async fn run(port: u16, dir: PathBuf, http: &str) -> Self {
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {}/{name};", dir.display()))
            .join("\n");
        let config = format!(
            "daemon off;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temp}\n{1}\n}}\n",
            dir.display(),
            http.replace("PORT", &port.to_string())
        );
        let file = dir.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(&dir)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("nginx: {e}; `cargo xtask test` installs it"));
        if let Err(status) = listening(port, &mut child).await {
            panic!("nginx ended with {status}:\n{}", log_of(&dir));
        }
        Self { url: format!("http://127.0.0.1:{port}"), child, dir }
    }

    /// A load balancer before `servers`.
    pub async fn before(port: u16, servers: &[&str]) -> Self {
        let upstream: String = servers
            .iter()
            .map(|url| format!("server {} fail_timeout=1s;\n", url.trim_start_matches("http://")))
            .collect();
        let http = format!(
            "upstream miandeng {{ {upstream} }}\n\
             server {{ listen 127.0.0.1:PORT; location / {{ proxy_pass http://miandeng; }} }}"
        );
        Self::start(port, &http).await
    }
}

fn directory(port: u16) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("miandeng-nginx-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

fn log_of(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("error.log")).unwrap_or_default()
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers on TERM; killed, it would leave them behind.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("nginx:\n{}", log_of(&self.dir));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
