//! The scripts of the one HTML file that we write ourselves: enough of a parser for that, and for no other.

#[derive(Debug, PartialEq, Eq)]
pub struct Script {
    /// The `type` attribute in lower case; empty where there is none.
    pub kind: String,
    pub code: String,
}

pub fn scripts(html: &str) -> Vec<Script> {
    // ASCII lower-casing keeps every offset.
    let lower = html.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = find(&lower, "<script", at) {
        let Some(open_end) = find(&lower, ">", start) else { break };
        let code_end = find(&lower, "</script", open_end).unwrap_or(lower.len());
        let tag = &lower[start..open_end];
        found.push(Script { kind: attribute(tag, "type"), code: html[open_end + 1..code_end].to_owned() });
        at = code_end;
    }
    found
}

fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    text[from..].find(what).map(|at| from + at)
}

/// The value of an attribute of a lower-case tag, quoted or not.
fn attribute(tag: &str, name: &str) -> String {
    let name = format!("{name}=");
    let value = tag.split_whitespace().find_map(|word| word.strip_prefix(&name));
    value.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(html: &str) -> Vec<String> {
        scripts(html).into_iter().map(|script| script.kind).collect()
    }

    #[test]
    fn every_script_is_found_with_its_type() {
        let html = "<SCRIPT src=a.js></SCRIPT><script nonce=\"x\" type=\"module\">import 1</script>\
                    <script type=module src='b.js'></script><script>免登()</script>";
        assert_eq!(kinds(html), ["", "module", "module", ""]);
        assert_eq!(scripts(html)[3].code, "免登()");
        assert_eq!(scripts(html)[1].code, "import 1");
    }

    #[test]
    fn broken_html_ends_the_search() {
        assert_eq!(kinds("<p>no script</p>"), [""; 0]);
        assert_eq!(kinds("<script"), [""; 0]);
        assert_eq!(scripts("<script>open").len(), 1);
    }
}
