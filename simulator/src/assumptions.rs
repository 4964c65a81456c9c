//! What is known of the real platform and what is guessed, as a page. It is the README's own section, so that there is
//! one list and not two.

use axum::response::Response;
use pulldown_cmark::{Options, Parser, html};

use crate::assets::asset;

const README: &str = include_str!("../README.md");
const HEADING: &str = "## 已知与猜测 · Known and guessed";
/// The line that ends the section.
const RULE: &str = "\n---\n";

pub async fn page() -> Response {
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(section(), Options::ENABLE_TABLES));
    // A wide table scrolls by itself, also by the keyboard.
    let scroll =
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Known and guessed\"><table>";
    let body = body.replace("<table>", scroll).replace("</table>", "</table></div>");
    let body = body.replace("<th>", "<th scope=\"col\">");
    asset(
        "text/html; charset=utf-8",
        format!(
            "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>已知与猜测 · 钉钉模拟器</title><link rel=\"stylesheet\" href=\"/ui/base.css\">\
             <main class=\"document\" lang=\"en\"><p lang=\"zh-CN\"><a href=\"/\">← 钉钉模拟器</a></p>\
             <h1 lang=\"zh-CN\">已知与猜测 <span lang=\"en\">Known and guessed</span></h1>{body}</main></html>"
        ),
    )
}

fn section() -> &'static str {
    let from = README.split_once(HEADING).map_or("", |(_, rest)| rest);
    from.split_once(RULE).map_or(from, |(section, _)| section).trim()
}
