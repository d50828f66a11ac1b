//! What somebody does with a page, and what is seen then.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::chromium::Chromium;
use crate::process::{await_some, fail};

/// A page in a browser of its own.
pub(super) struct Page {
    chromium: Chromium,
    /// What the address of whatever it loads begins with.
    own: String,
}

impl Page {
    /// Opens an address. It may load what begins with `own`, and nothing else.
    pub(super) fn open(program: &Path, work: &Path, address: &str, own: &str) -> Result<Self, String> {
        let mut page = Self { chromium: Chromium::start(program, work)?, own: own.to_owned() };
        page.size(1280, 800)?;
        // As if its window were in front, whatever else is on the machine.
        page.chromium.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true}))?;
        let went = page.chromium.call("Page.navigate", json!({"url": address}))?;
        if let Some(error) = went["errorText"].as_str() {
            return Err(format!("{address}: {error}"));
        }
        page.wait("document.readyState === 'complete' && location.href !== 'about:blank'")?;
        Ok(page)
    }

    /// The value of an expression.
    pub(super) fn get(&mut self, expression: &str) -> Result<Value, String> {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.chromium.call("Runtime.evaluate", asked)?;
        match &answer["exceptionDetails"] {
            Value::Null => Ok(answer["result"]["value"].take()),
            error => Err(format!("{expression}: {error}")),
        }
    }

    /// The text of an expression.
    pub(super) fn text(&mut self, expression: &str) -> Result<String, String> {
        Ok(self.get(expression)?.as_str().unwrap_or_default().to_owned())
    }

    /// Fails where an expression is not true.
    pub(super) fn ensure(&mut self, expression: &str) -> Result<(), String> {
        let value = self.get(expression)?;
        if value == true {
            return Ok(());
        }
        let card = self.text("document.activeElement.outerHTML.slice(0, 200) + '\\n' + document.body.innerText")?;
        Err(format!("{expression} is {value} on\n{card}"))
    }

    /// Waits until an expression is true.
    pub(super) fn wait(&mut self, expression: &str) -> Result<(), String> {
        // While a page gives way to another there is nothing to ask.
        let is_so = || self.get(expression).is_ok_and(|value| value == true).then_some(());
        match await_some(expression, is_so) {
            Ok(()) => Ok(()),
            Err(why) => Err(format!("{why} on\n{}", self.text("document.body.innerText")?)),
        }
    }

    /// Presses a key: one with a name, or a letter.
    pub(super) fn press(&mut self, key: &str) -> Result<(), String> {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            "Escape" => ("Escape", 27, ""),
            "ArrowLeft" => ("ArrowLeft", 37, ""),
            "ArrowUp" => ("ArrowUp", 38, ""),
            "ArrowRight" => ("ArrowRight", 39, ""),
            "ArrowDown" => ("ArrowDown", 40, ""),
            "/" => ("Slash", 191, "/"),
            "n" => ("KeyN", 78, "n"),
            "p" => ("KeyP", 80, "p"),
            other => return Err(format!("no key {other}")),
        };
        let event = |kind: &str, text: &str| json!({"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text});
        self.chromium.call("Input.dispatchKeyEvent", event("keyDown", text))?;
        self.chromium.call("Input.dispatchKeyEvent", event("keyUp", "")).map(drop)
    }

    /// Types into whatever has the focus.
    pub(super) fn write(&mut self, text: &str) -> Result<(), String> {
        self.chromium.call("Input.insertText", json!({"text": text})).map(drop)
    }

    /// Clicks on the middle of what an expression says.
    pub(super) fn click(&mut self, element: &str) -> Result<(), String> {
        let place = self.get(&format!(
            "(() => {{ const one = {element}; one.scrollIntoView({{block: 'nearest', inline: 'nearest'}}); \
             const area = one.getBoundingClientRect(); return [area.x + area.width / 2, area.y + area.height / 2]; }})()"
        ))?;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.chromium.call("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    pub(super) fn size(&mut self, width: u32, height: u32) -> Result<(), String> {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.chromium.call("Emulation.setDeviceMetricsOverride", screen).map(drop)
    }

    /// `light` or `dark`.
    pub(super) fn scheme(&mut self, scheme: &str) -> Result<(), String> {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.chromium.call("Emulation.setEmulatedMedia", features).map(drop)
    }

    /// Draws what is seen, for whoever looks into a failure.
    pub(super) fn draw(&mut self, path: &Path) -> Result<(), String> {
        fs::write(path, self.drawn()?).map_err(fail)
    }

    /// What is seen, as PNG.
    pub(super) fn drawn(&mut self) -> Result<Vec<u8>, String> {
        let drawn = self.chromium.call("Page.captureScreenshot", json!({}))?;
        STANDARD.decode(drawn["data"].as_str().unwrap_or_default()).map_err(fail)
    }

    /// Whether nothing went wrong on the page: no error, no word on the console, no dialogue, and nothing was loaded from
    /// elsewhere.
    pub(super) fn is_quiet(&mut self) -> Result<(), String> {
        let own = self.own.clone();
        let mut loaded = 0;
        for event in self.chromium.events() {
            let (method, parameters) = (event["method"].as_str().unwrap_or_default(), &event["params"]);
            match method {
                "Runtime.exceptionThrown"
                | "Runtime.consoleAPICalled"
                | "Log.entryAdded"
                | "Page.javascriptDialogOpening"
                | "Page.windowOpen"
                | "Page.downloadWillBegin" => {
                    return Err(format!("{method}: {parameters}"));
                }
                "Network.requestWillBeSent" => {
                    let address = parameters["request"]["url"].as_str().unwrap_or_default();
                    loaded += 1;
                    if !address.starts_with(&own) {
                        return Err(format!("the page loads {address}"));
                    }
                }
                "Network.webSocketCreated" | "Network.webTransportCreated" => {
                    return Err(format!("the page connects: {parameters}"));
                }
                _ => {}
            }
        }
        // Where nothing at all was heard, nobody has listened.
        if loaded == 0 { Err("not even the page was loaded".to_owned()) } else { Ok(()) }
    }
}
