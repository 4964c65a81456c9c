//! What is known of the real platform and what is guessed, as a page. It is the README's own section, so that there is
//! one list and not two.

use axum::response::Response;

use crate::assets::asset;

const README: &str = include_str!("../README.md");
const HEADING: &str = "## 已知与猜测 · Known and guessed";
/// The line that ends the section.
const RULE: &str = "\n---\n";

pub async fn page() -> Response {
    let body = section().split("\n\n").map(block).collect::<String>();
    asset(
        "text/html; charset=utf-8",
        format!(
            "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>已知与猜测 · 钉钉模拟器</title><link rel=\"stylesheet\" href=\"/ui/base.css\">\
             <main class=\"document\"><p><a href=\"/\">← 钉钉模拟器</a></p>\
             <h1>已知与猜测 <span lang=\"en\">Known and guessed</span></h1>{body}</main></html>"
        ),
    )
}

fn section() -> &'static str {
    let from = README.split_once(HEADING).map_or("", |(_, rest)| rest);
    from.split_once(RULE).map_or(from, |(section, _)| section).trim()
}

/// A paragraph or a table: this much of Markdown the section uses.
fn block(text: &str) -> String {
    let mut rows = text.lines().filter(|line| line.starts_with('|'));
    let Some(head) = rows.next() else {
        return format!("<p lang=\"en\">{}</p>", inline(text));
    };
    let body = rows.skip(1).map(|row| format!("<tr>{}</tr>", cells(row, "td"))).collect::<String>();
    let head = cells(head, "th scope=\"col\"");
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Known and guessed\">\
         <table lang=\"en\"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
}

fn cells(row: &str, tag: &str) -> String {
    let end = &tag[..2];
    row.trim_matches('|').split('|').map(|cell| format!("<{tag}>{}</{end}>", inline(cell.trim()))).collect()
}

/// Text with `code` in it.
fn inline(text: &str) -> String {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts = safe.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}
