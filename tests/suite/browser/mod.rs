//! The pages of `graph -o html` and `ui` in a real browser: by mouse and by keyboard, few objects and many, on light and dark
//! pages. What is seen is drawn into the directory of each trial.

#![cfg(unix)]

mod chromium;
mod page;
mod picture;

pub(crate) use chromium::provide;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::commands::{GATEWAY, ROUTE};
use crate::graph::{EXTRA, HOSTILE};
use crate::harness::Harness;
use crate::process::{self, fail, write_below};
use crate::ui::Served;
use crate::watch::simple;
use page::Page;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let is_ignored = chromium::is_out_of_reach();
    let test = |name: &str, check| harness.trial(&format!("browser::{name}"), check);
    let seen = |name: &str, check| test(name, check).with_ignored_flag(is_ignored);
    vec![
        seen("a_page_of_few_objects_is_used_by_keyboard_and_mouse", few),
        seen("a_page_of_two_hundred_objects_can_be_read", many),
        seen("hostile_names_do_nothing_on_a_page", hostile),
        seen("the_page_of_ui_follows_and_asks", served),
        test("the_picture_of_the_page_is_of_this_page", picture::check),
        test("a_browser_that_is_not_there_is_told", told),
    ]
}

/// What is wrong with how the picture is seen: text that is hard to read where it stands or does not fit, and nodes over
/// each other. Faded parts are meant to be.
const SEEN: &str = "(() => {
  const part = (value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(part); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const wrong = [];
  const held = (what, text, ground, least) => {
    if (contrast(text, ground) < least) wrong.push(`${what}: ${text} on ${ground}`);
  };
  const page = getComputedStyle(document.querySelector('#picture svg')).backgroundColor;
  for (const node of document.querySelectorAll('.n')) {
    const rect = node.querySelector('rect');
    const area = rect.getBBox();
    for (const text of node.querySelectorAll('text')) {
      held(text.textContent, getComputedStyle(text).fill, getComputedStyle(rect).fill, 4.5);
      const own = text.getBBox();
      if (own.x < area.x || own.x + own.width > area.x + area.width || own.y + own.height > area.y + area.height + 1) wrong.push(`${text.textContent} does not fit`);
    }
    held('a border', getComputedStyle(rect).stroke, page, 3);
  }
  for (const text of document.querySelectorAll('.boxname, .e text')) held(text.textContent, getComputedStyle(text).fill, page, 4.5);
  for (const path of document.querySelectorAll('.e path')) held('an arrow', getComputedStyle(path).stroke, page, 3);
  const ground = getComputedStyle(document.body).backgroundColor;
  for (const text of document.querySelectorAll('label, aside *')) held(text.textContent.slice(0, 40), getComputedStyle(text).color, text.tagName === 'PRE' ? getComputedStyle(text).backgroundColor : ground, 4.5);
  return wrong.join('\\n');
})()";

/// Draws the page of a directory `m` below `work`, and opens it.
fn open(harness: &Harness, work: &Path, more: &[&str]) -> Result<Page, String> {
    let words = [&["graph", "m", "--output-file", "page.html", "--partial", "-q"], more].concat();
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let output = process::run(harness.binary(), work, &words, None)?;
    if output.code != Some(0) {
        return Err(format!("{output:#?}"));
    }
    let address = format!("file://{}", work.join("page.html").display());
    Page::open(harness.chromium()?, work, &address, &address)
}

/// Both schemes: whatever is written can be read.
fn is_readable(page: &mut Page, work: &Path, name: &str) -> Result<(), String> {
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        page.scheme(scheme)?;
        page.draw(&work.join(format!("{name}-{scheme}.png")))?;
        let wrong = page.text(SEEN)?;
        if !wrong.is_empty() {
            return Err(format!("{name}, {scheme}:\n{wrong}"));
        }
        grounds.push(page.text("getComputedStyle(document.body).backgroundColor")?);
    }
    if grounds[0] == grounds[1] { Err(format!("{name} is as light as dark: {grounds:?}")) } else { Ok(()) }
}

fn few(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("browser-few")?;
    write_below(&work, "m/gateway.yaml", GATEWAY)?;
    write_below(&work, "m/route.yaml", ROUTE)?;
    let mut page = open(harness, &work, &[])?;
    is_readable(&mut page, &work, "five")?;
    write_below(&work, "m/extra.yaml", EXTRA)?;
    drop(page);
    let mut page = open(harness, &work, &[])?;
    is_readable(&mut page, &work, "few")?;
    by_keyboard(&mut page)?;
    is_readable(&mut page, &work, "card")?;
    by_mouse(&mut page)?;
    requests(&mut page)?;
    is_readable(&mut page, &work, "way")?;
    page.size(600, 700)?;
    is_readable(&mut page, &work, "narrow")?;
    page.ensure("document.documentElement.scrollWidth <= 600")?;
    page.is_quiet()?;
    // Nor could the page ask anybody, and what it tries is told: whoever listens hears it.
    let asked = "fetch('http://127.0.0.1:9/').then(() => 'asked', () => 'refused')";
    if page.text(asked)? != "refused" || page.is_quiet().is_ok() {
        return Err("the page may ask others".to_owned());
    }
    Ok(())
}

/// Everything without a mouse.
fn by_keyboard(page: &mut Page) -> Result<(), String> {
    let focus = "document.activeElement";
    // Tab comes to each part of the page, to the picture once, and what has the focus is seen.
    let mut seen = Vec::new();
    for _ in 0..7 {
        page.press("Tab")?;
        seen.push(page.text(&format!("{focus}.id"))?);
    }
    if seen[..5] != ["search", "request", "smaller", "larger", "fit"] || !seen.contains(&"n0".to_owned()) {
        return Err(format!("Tab comes to {seen:?}"));
    }
    page.get("document.querySelector('.n[tabindex=\"0\"]').focus()")?;
    page.ensure(&format!("{focus}.classList.contains('gateway')"))?;
    page.ensure(&format!("parseFloat(getComputedStyle({focus}.querySelector('rect')).strokeWidth) >= 3"))?;
    // To the right from a Gateway to where a Service is, and back.
    for class in ["listener", "route", "rule", "backend", "endpoints"] {
        page.press("ArrowRight")?;
        page.ensure(&format!("{focus}.classList.contains('{class}')"))?;
    }
    for _ in 0..5 {
        page.press("ArrowLeft")?;
    }
    page.ensure(&format!("{focus}.classList.contains('gateway')"))?;
    // Down through everything that is drawn.
    page.get("window.came = new Set([document.activeElement.id])")?;
    let nodes = page.get("document.querySelectorAll('.n').length")?.as_u64().unwrap_or_default();
    for _ in 1..nodes {
        page.press("ArrowDown")?;
        page.get(&format!("came.add({focus}.id).size"))?;
    }
    page.ensure("came.size === document.querySelectorAll('.n').length && came.size > 8")?;
    // The search, from anywhere.
    page.press("/")?;
    page.ensure(&format!("{focus}.id === 'search' && {focus}.value === ''"))?;
    page.write("httproute")?;
    page.ensure("document.getElementById('count').textContent === '2 found'")?;
    page.ensure("[...document.querySelectorAll('.hit')].length === 2 && document.querySelectorAll('.dim').length > 5")?;
    page.press("Enter")?;
    page.ensure(&format!("{focus}.classList.contains('hit') && document.querySelector('#card h2') !== null"))?;
    page.press("n")?;
    page.ensure("document.getElementById('count').textContent === '2 of 2'")?;
    page.press("p")?;
    page.press("Enter")?;
    page.ensure(&format!("{focus}.id === 'card' && {focus}.textContent.includes('HTTPRoute shop/broken')"))?;
    for words in ["error[GW2001]", "m/extra.yaml:", "ResolvedRefs=False", "name: nobody"] {
        page.ensure(&format!("{focus}.textContent.includes('{words}')"))?;
    }
    // Escape goes back to the node, with nothing marked.
    page.press("Escape")?;
    page.ensure(&format!(
        "{focus}.classList.contains('n') && document.getElementById('card').childElementCount === 0"
    ))?;
    page.ensure("document.querySelectorAll('.hit, .dim, .chosen').length === 0 && document.getElementById('search').value === ''")?;
    // A route is found with its rules.
    page.press("/")?;
    page.write("broken")?;
    page.ensure(
        "document.querySelectorAll('.hit.route').length === 1 && document.querySelectorAll('.hit.rule').length === 2",
    )?;
    page.press("Escape")?;
    page.get("document.querySelector('.n.route').focus()")?;
    page.press("Enter")
}

fn by_mouse(page: &mut Page) -> Result<(), String> {
    page.click("[...document.querySelectorAll('.n.backend')].find((node) => node.textContent.includes('nobody'))")?;
    page.ensure("document.querySelector('#card h2').textContent === 'Service shop/nobody'")?;
    page.ensure("document.activeElement.classList.contains('chosen')")?;
    page.ensure("!document.documentElement.outerHTML.includes('hunter2')")?;
    let width = "document.querySelector('#picture svg').getBoundingClientRect().width";
    let before = page.get(width)?.as_f64().unwrap_or_default();
    page.click("document.getElementById('larger')")?;
    page.ensure(&format!("{width} > {before}"))?;
    page.click("document.getElementById('fit')")?;
    page.ensure(&format!("{width} <= document.getElementById('picture').clientWidth + 1"))?;
    page.click("document.getElementById('smaller')")?;
    page.ensure(&format!("{width} < document.getElementById('picture').clientWidth"))
}

/// The box for requests, on a page that nobody serves.
fn requests(page: &mut Page) -> Result<(), String> {
    page.press("Escape")?;
    page.click("document.getElementById('request')")?;
    page.write("/gone")?;
    page.ensure("document.querySelector('#card h2').textContent.includes('no answer to that request')")?;
    // One that there is stands below it.
    page.click("document.querySelector('#card button')")?;
    page.ensure("document.querySelector('#card h2').textContent === document.getElementById('request').value")?;
    page.ensure("document.getElementById('card').textContent.includes('HTTPRoute shop/broken rule 1')")?;
    page.ensure(
        "['gateway', 'listener', 'route', 'rule', 'backend'].every((kind) => document.querySelector(`.${kind}.hit`)) && \
         document.querySelectorAll('.e.way').length >= 4 && document.querySelector('.dim') !== null",
    )?;
    page.ensure(
        "document.querySelectorAll('.rule.hit').length === 1 && document.querySelectorAll('.route.hit').length === 1",
    )
}

/// A hundred routes with a Service each, in some namespaces; the first are wrong.
fn two_hundred() -> String {
    let mut text = GATEWAY.replace("port: 80}]", "port: 80, allowedRoutes: {namespaces: {from: All}}}]");
    for at in 0..100 {
        let (namespace, backend) = (at % 7, if at < 3 { "gone".to_owned() } else { format!("s{at}") });
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{at}, namespace: n{namespace}}}\n\
             spec:\n  parentRefs: [{{name: edge, namespace: shop}}]\n  hostnames: [h{at}.test]\n  rules:\n  \
             - backendRefs: [{{name: {backend}, port: 80}}]\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: s{at}, namespace: n{namespace}}}\nspec: {{ports: [{{port: 80}}]}}\n"
        );
    }
    text
}

fn many(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("browser-many")?;
    write_below(&work, "m/all.yaml", &two_hundred())?;
    // As it is by itself, and with everything there is.
    let mut page = open(harness, &work, &[])?;
    is_readable(&mut page, &work, "routes")?;
    page.ensure("document.querySelectorAll('.n').length > 100")?;
    page.is_quiet()?;
    drop(page);
    let mut page = open(harness, &work, &["--level", "services"])?;
    is_readable(&mut page, &work, "services")?;
    page.ensure("document.querySelectorAll('.n').length > 200")?;
    // What is looked for comes into sight, and so does what is known of it, while the picture keeps room.
    let in_sight = "(() => { const [one, all] = [document.activeElement, document.getElementById('picture')].map((part) => part.getBoundingClientRect()); \
                    return one.left >= all.left - 1 && one.right <= all.right + 1 && one.top >= all.top - 1 && one.bottom <= all.bottom + 1; })()";
    page.press("/")?;
    page.write("r96")?;
    page.press("Enter")?;
    page.ensure("document.querySelector('#card h2').textContent === 'HTTPRoute n5/r96'")?;
    page.ensure(in_sight)?;
    page.ensure("document.getElementById('picture').clientWidth > 600")?;
    is_readable(&mut page, &work, "found")?;
    page.press("ArrowRight")?;
    page.ensure("document.activeElement.textContent.includes('s96')")?;
    page.ensure(in_sight)?;
    page.press("Escape")?;
    page.press("/")?;
    page.write("gw2001")?;
    page.ensure("document.querySelectorAll('.hit').length >= 3")?;
    // A whole at one look.
    page.click("document.getElementById('fit')")?;
    page.ensure("document.querySelector('#picture svg').getBoundingClientRect().height <= document.getElementById('picture').clientHeight + 1")?;
    page.draw(&work.join("fit.png"))?;
    // The box has a request for each rule.
    page.ensure("document.querySelectorAll('#requests option').length >= 97")?;
    page.is_quiet()
}

fn hostile(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("browser-hostile")?;
    for (position, name) in HOSTILE.iter().enumerate() {
        write_below(&work, &format!("m/{position}.yaml"), &crate::graph::hostile_manifest(name))?;
    }
    let mut page = open(harness, &work, &["--level", "endpoints"])?;
    page.ensure("document.querySelectorAll('.n').length > 20")?;
    // Each is looked at, and is looked for.
    page.get("for (const node of document.querySelectorAll('.n')) node.dispatchEvent(new MouseEvent('click'))")?;
    page.press("/")?;
    page.write("<img")?;
    page.ensure("document.querySelectorAll('.hit').length > 0")?;
    page.press("Enter")?;
    page.ensure("document.getElementById('card').textContent.includes('<img src=x onerror=alert(1)>')")?;
    page.ensure(
        "document.querySelectorAll('img, a, iframe, #picture script, #card script, #card style').length === 0",
    )?;
    page.draw(&work.join("hostile.png"))?;
    page.is_quiet()
}

fn served(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("browser-ui")?;
    write_below(&work, "m/a.yaml", &simple("/cart"))?;
    write_below(&work, "old/a.yaml", &simple("/old"))?;
    let mut ui = Served::start(harness, &work, &["--against", "old"])?;
    let address = format!("http://{}/", ui.address);
    let mut page = Page::open(harness.chromium()?, &work, &address, &address)?;
    is_readable(&mut page, &work, "ui")?;
    // Any request, by keyboard.
    page.press("Tab")?;
    page.press("Tab")?;
    page.write("GET http://shop.test/cart/7 -H 'x-a: b'")?;
    page.press("Enter")?;
    page.wait("document.getElementById('card').textContent.includes('default/a:80')")?;
    page.ensure("document.querySelectorAll('.e.way').length >= 3 && document.querySelector('.rule.hit') !== null")?;
    page.draw(&work.join("asked.png"))?;
    // An edit comes by itself, and with it what becomes of the request that is still asked.
    page.get("window.stays = true")?;
    write_below(&work, "m/a.yaml", &simple("/new"))?;
    page.wait("window.stays === undefined && document.getElementById('card').textContent.includes('404')")?;
    page.ensure("document.getElementById('request').value === \"GET http://shop.test/cart/7 -H 'x-a: b'\"")?;
    page.ensure("document.activeElement.id === 'request'")?;
    // Findings and changes, and what is chosen stays so on the next page.
    page.click("document.getElementById('changes')")?;
    page.ensure("document.querySelector('#card h2').textContent === 'Changes since old'")?;
    page.ensure("document.querySelector('#card pre').textContent.includes('path below /new')")?;
    page.press("Escape")?;
    page.click("document.querySelector('.n.route')")?;
    page.click("document.getElementById('larger')")?;
    page.get("window.stays = true")?;
    write_below(&work, "m/a.yaml", &simple("/new").replace("name: a, port", "name: gone, port"))?;
    page.wait("window.stays === undefined && document.getElementById('card').textContent.includes('GW2001')")?;
    page.ensure("document.querySelector('#card h2').textContent === 'HTTPRoute default/shop'")?;
    page.ensure("Number(document.querySelector('#picture svg').getAttribute('width')) > document.querySelector('#picture svg').viewBox.baseVal.width")?;
    page.click("document.getElementById('findings')")?;
    page.ensure("document.querySelector('#card pre').textContent.includes('error[GW2001] m/a.yaml:')")?;
    is_readable(&mut page, &work, "findings")?;
    page.is_quiet()?;
    // The end of it is told.
    let code = ui.run.end("INT")?;
    page.wait("document.getElementById('count').textContent === 'gwctl has ended'")?;
    if code == Some(0) { Ok(()) } else { Err(format!("{code:?}")) }
}

fn told(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("browser-told")?;
    let gone = work.join("gone");
    let named = chromium::find(Some(gone.as_os_str()), OsStr::new(""));
    if !named.as_ref().is_err_and(|why| why.contains("GWCTL_CHROMIUM names") && why.contains("gone")) {
        return Err(format!("{named:?}"));
    }
    fs::write(&gone, "").map_err(fail)?;
    let found = |variable: Option<&OsStr>, path: &Path| chromium::find(variable, path.as_os_str());
    if found(Some(gone.as_os_str()), &work)? != Some(gone.clone()) || found(None, &work)?.is_some() {
        return Err("a browser is found that nobody named".to_owned());
    }
    let own: PathBuf = work.join("chromium");
    fs::write(&own, "").map_err(fail)?;
    if found(Some(OsStr::new("")), &work)? != Some(own) {
        return Err("a browser on the PATH is not found".to_owned());
    }
    // One that is none says so at once.
    match Page::open(Path::new("/bin/false"), &work, "about:blank", "about:") {
        Err(why) if why.contains("the browser does not answer") => Ok(()),
        Err(why) => Err(why),
        Ok(_) => Err("a page without a browser".to_owned()),
    }
}
