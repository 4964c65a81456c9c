use super::*;

const INDEX: &str = include_str!("../../../../../index.html");

fn branded(brand: &Brand) -> String {
    String::from_utf8(super::branded(INDEX.as_bytes(), brand, visit::BLOCK).to_vec()).unwrap()
}

fn brand(name: &str) -> Brand {
    let logo = Some("/logo.png?a=1&b=\"2\"".to_owned());
    Brand { name: Some(name.to_owned()), color: "#ffc800".parse().ok(), logo }
}

#[test]
fn every_place_is_there_once() {
    for place in [ROOT, TITLE, HEADER, HEAD_END, visit::BLOCK] {
        assert_eq!(INDEX.matches(place).count(), 1, "{place}");
    }
    let style = include_str!("../../../../../frontend/style.css");
    assert!(style.contains(&format!("--ground: {DARK};")));
    for property in
        style_of("#ffc800").trim_start_matches(":root{").split(';').filter_map(|pair| pair.split(':').next())
    {
        assert!(style.contains(&format!("var({property},")), "{property}");
    }
}

fn style_of(color: &str) -> String {
    style(color.parse().unwrap())
}

#[test]
fn the_looks_are_in_the_html() {
    let html = branded(&brand("某某会员"));
    for part in [
        "<title>某某会员</title>",
        "data-name=\"某某会员\"",
        "<style>:root{--brand:#ffc800;--on-brand:#000000;--brand-ink:#",
        "<img class=\"logo\" src=\"/logo.png?a=1&amp;b=&quot;2&quot;\" alt=\"\"",
        "<bdi>某某会员</bdi></header>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert_eq!(branded(&Brand::default()), INDEX);
}

#[test]
fn a_hostile_name_is_only_a_name() {
    let before = INDEX.matches('<').count() + "<img><bdi></bdi><style></style>".matches('<').count();
    for name in [
        "</title><script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "' onload='alert(1)",
        "</bdi></header><img src=x onerror=alert(1)>",
        "&lt;b&gt; <html lang=\"zh-CN\" x",
    ] {
        let html = branded(&brand(name));
        assert_eq!(html.matches('<').count(), before, "{html}");
        assert!(!html.contains(name) && !html.contains("\" onload") && !html.contains("' onload"), "{html}");
    }
}

#[test]
fn a_colour_is_readable_in_both_schemes() {
    assert_eq!(
        style_of("#1463d8"),
        ":root{--brand:#1463d8;--on-brand:#ffffff;--brand-ink:#1463d8;--brand-ink-dark:#4080df}"
    );
}
