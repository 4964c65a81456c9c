//! The page's signature for `dd.config`.
//!
//! Source: open.dingtalk.com, "JSAPI 鉴权"; the SHA-1 form is that of every official demo (e.g.
//! open-dingtalk/openapi-demo-java), SHA-256 that of the documentation's samples since 2022.

use crate::apps::SignAlg;
use percent_encoding::percent_decode_str;
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// The URL in the form that DingTalk compares: without fragment, the query percent-decoded once.
///
/// Scheme, authority and path stay as they were typed, default ports and all: DingTalk compares text, and a URL parser
/// would "repair" exactly what has to stay. A query with a broken escape stays raw, because the official samples throw
/// there and DingTalk cannot have decoded it either. `plus_as_space` is for [`crate::apps::App::sign_plus_as_space`].
#[must_use]
pub fn url_to_sign(href: &str, plus_as_space: bool) -> String {
    let without_fragment = href.split('#').next().unwrap_or_default();
    let Some((before, query)) = without_fragment.split_once('?') else {
        return without_fragment.to_owned();
    };
    let query = if plus_as_space { query.replace('+', " ") } else { query.to_owned() };
    format!("{before}?{}", decode_once(&query).unwrap_or(query))
}

fn decode_once(query: &str) -> Option<String> {
    let broken =
        |tail: &str| !tail.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if query.split('%').skip(1).any(broken) {
        return None;
    }
    percent_decode_str(query).decode_utf8().ok().map(Into::into)
}

/// Signs `url`, which [`url_to_sign`] has prepared, and gives lowercase hex.
#[must_use]
pub fn signature(alg: SignAlg, ticket: &str, nonce: &str, timestamp: &str, url: &str) -> String {
    let plain = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}");
    match alg {
        SignAlg::Sha1 => format!("{:x}", Sha1::digest(plain)),
        SignAlg::Sha256 => format!("{:x}", Sha256::digest(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC_TICKET: &str =
        "mS5k98fdkdgDKxkXGEs8LORVREiweeWETE40P37wkidkfksDSKDJFD5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcKIDU8l";
    const DOC_NONCE: &str = "Zn4zmLFKD0wzilzM";
    const DOC_TIME: &str = "1414588745";

    /// (ticket, nonce, timestamp, href, SHA-1, SHA-256). V1: zhaoyunxing92/dingtalk-api; V2: ddtalk/HarleyCorp; D1 to D3:
    /// the inputs of the 2016 documentation, digests computed from the published rules.
    const VECTORS: [(&str, &str, &str, &str, &str, &str); 5] = [
        (
            "gUsHOoPPzLVZKVkClnESg88m7qMV4c0Ys9VGsMigqzZU7gA8PeoNzHODmYPZ85TYuoZryXuqEUFlXLN1OPEixm",
            "abcde12345",
            "1463125744",
            "http://test4.weixin.wtoip.com:80/wtoip/dingding/dzmp",
            "d14dfc1d0d98cad2438e664723e8a9d8633b443f",
            "06db718d460dde9fba6788934c0f994abf83a79dd019b7d98e66a3e0b7e5a5b9",
        ),
        (
            "zHoQdGJuH0ZDebwo7sLqLzHGUueLmkWCC4RycYgkuvDu3eoROgN5qhwnQLgfzwEXtuR9SDzh6BdhyVngzAjrxV",
            "abcdefgh",
            "1437027269927",
            "http://10.62.53.138:3000/jsapi",
            "810e6657e9f411e6491b3e97dfaf7660e89eb874",
            "f83d09ae579893dd206f49752d49c64ed5b1d495a2d769e9f63ba4d1909f90ed",
        ),
        (
            DOC_TICKET,
            DOC_NONCE,
            DOC_TIME,
            "http://open.dingtalk.com",
            "10de2b0a6763ec3685a50272b5b0eb2848098dc2",
            "6d6e0580d57aac61e427c1e82e7545cca4eed5c59ae6bb468c6bf6f89753cdb2",
        ),
        (
            DOC_TICKET,
            DOC_NONCE,
            DOC_TIME,
            "https://abc.com?url=http%3A%2F%2Fabc.com%2Fsomewhere&a=1",
            "4cfa6d4f6479593550e2aa2f30e395114ae6aaf1",
            "f0ee29a1395d932202d21a860c8be723fdd23599c50221b72731d37549cefd7b",
        ),
        (
            DOC_TICKET,
            DOC_NONCE,
            DOC_TIME,
            "https://abc.com/?url=http%3A%2F%2Fabc.com%2Fsomewhere&a=1",
            "4cb29cb69ed0fa70676fe3828fb19836655153c3",
            "0b23f4017cc999c6e9844a8124af6882608b797b1c52d71d3f2e569766d0bb69",
        ),
    ];

    #[test]
    fn the_published_vectors_pass() {
        for (ticket, nonce, time, href, sha1, sha256) in VECTORS {
            let url = url_to_sign(href, false);
            assert_eq!(signature(SignAlg::Sha1, ticket, nonce, time, &url), sha1, "{href}");
            assert_eq!(signature(SignAlg::Sha256, ticket, nonce, time, &url), sha256, "{href}");
        }
    }

    #[test]
    fn the_url_rules() {
        for (href, signed) in [
            ("https://a.cn/x?b=1#/route?c=2", "https://a.cn/x?b=1"),
            ("https://a.cn:443/x", "https://a.cn:443/x"),
            ("http://a.cn:80", "http://a.cn:80"),
            ("https://a.cn/%E4%B8%AD?q=%E4%B8%AD%20x", "https://a.cn/%E4%B8%AD?q=中 x"),
            ("https://a.cn/?q=中", "https://a.cn/?q=中"),
            ("https://a.cn/?q=%2525", "https://a.cn/?q=%25"),
            ("https://a.cn/?q=100%", "https://a.cn/?q=100%"),
            ("https://a.cn/?q=%41&r=%zz", "https://a.cn/?q=%41&r=%zz"),
            ("https://a.cn/?q=%FF", "https://a.cn/?q=%FF"),
            ("https://a.cn/?q=%23x", "https://a.cn/?q=#x"),
            ("https://a.cn/?", "https://a.cn/?"),
            ("https://a.cn/?a=1+2", "https://a.cn/?a=1+2"),
        ] {
            assert_eq!(url_to_sign(href, false), signed);
        }
        assert_eq!(url_to_sign("https://a.cn/?a=1+2%2B3", true), "https://a.cn/?a=1 2+3");
    }
}
