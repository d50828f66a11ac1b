"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const svg = document.querySelector("#picture svg");
  const card = document.getElementById("card");
  const search = document.getElementById("search");
  const request = document.getElementById("request");
  const count = document.getElementById("count");
  const nodes = [...svg.querySelectorAll(".n")];
  const edges = [...svg.querySelectorAll(".e")];
  const numberOf = (node) => Number(node.dataset.node);
  // A picture is one thing to whoever cannot see it; what is on this one can be chosen.
  svg.setAttribute("role", "group");
  const cardOf = new Map();
  for (const one of data.cards) for (const node of one.nodes) cardOf.set(node, one);

  const add = (parent, name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    parent.append(element);
    return element;
  };

  let restore = () => {};
  let chosen = null;
  const empty = () => {
    chosen = null;
    card.replaceChildren();
    for (const node of nodes) node.classList.remove("chosen");
  };

  const show = (number) => {
    const one = cardOf.get(number);
    empty();
    if (!one) return;
    chosen = number;
    for (const node of nodes) node.classList.toggle("chosen", numberOf(node) === number);
    add(card, "h2", one.title);
    add(card, "p", one.place);
    if (one.findings.length) {
      add(card, "h3", "Findings");
      for (const finding of one.findings) {
        add(card, "p", finding.severity + "[" + finding.code + "] " + finding.message, "severity-" + finding.severity);
        add(card, "p", finding.place);
        if (finding.consequence) add(card, "p", "traffic: " + finding.consequence);
        if (finding.help) add(card, "p", "help: " + finding.help);
      }
    }
    if (one.conditions.length) {
      add(card, "h3", "Status");
      const list = add(card, "ul");
      for (const condition of one.conditions) add(list, "li", condition);
    }
    if (one.manifest) {
      add(card, "h3", "Manifest");
      add(card, "pre", one.manifest);
    }
    // What is known of it has taken room from the picture.
    nodes.find((node) => numberOf(node) === number)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  // What is found, in the order in which it stands, and where in it somebody is.
  let found = [];
  let at = -1;
  const reset = () => {
    for (const element of [...nodes, ...edges]) element.classList.remove("dim", "hit", "way");
    count.textContent = "";
    found = [];
    at = -1;
  };

  const mark = (wanted, isWay) => {
    for (const node of nodes) {
      const is = wanted.has(numberOf(node));
      node.classList.toggle("hit", is);
      node.classList.toggle("dim", !is);
    }
    for (const edge of edges) {
      const is = wanted.has(Number(edge.dataset.from)) && wanted.has(Number(edge.dataset.to));
      edge.classList.toggle("way", is && isWay);
      edge.classList.toggle("dim", !is);
    }
    const first = ordered.find((node) => wanted.has(numberOf(node)));
    if (first) first.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  // One node at a time is on the way of Tab; arrows go on from there. From left to right, and down.
  const placeOf = (node) => {
    const area = node.querySelector("rect");
    return [Number(area.getAttribute("x")), Number(area.getAttribute("y"))];
  };
  const ordered = nodes
    .map((node) => [placeOf(node), node])
    .sort(([a], [b]) => a[0] - b[0] || a[1] - b[1])
    .map(([, node]) => node);
  const go = (node) => {
    for (const other of nodes) other.setAttribute("tabindex", other === node ? "0" : "-1");
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const goOn = (step) => {
    if (!found.length) return;
    at = (at + step + found.length) % found.length;
    go(found[at]);
    show(numberOf(found[at]));
    count.textContent = at + 1 + " of " + found.length;
  };

  const find = () => {
    reset();
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return;
    const hits = new Set();
    data.nodes.forEach((text, number) => {
      const lower = text.toLowerCase();
      if (words.every((word) => lower.includes(word))) hits.add(number);
    });
    mark(hits, false);
    found = ordered.filter((node) => hits.has(numberOf(node)));
    count.textContent = hits.size + " found";
  };
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") goOn(1); });

  const line = (way) => way.method + " " + way.url + (way.headers.length ? " " + way.headers.map((one) => "-H '" + one + "'").join(" ") : "");
  const options = document.getElementById("requests");
  for (const way of data.requests) {
    const option = document.createElement("option");
    option.value = line(way);
    options.append(option);
  }

  const ask = () => {
    reset();
    const text = request.value.trim();
    empty();
    if (!text) return;
    const way = data.requests.find((one) => line(one) === text || line(one) === "GET " + text);
    if (way) {
      add(card, "h2", line(way));
      const list = add(card, "ul");
      for (const answer of way.answer) add(list, "li", answer);
      mark(new Set(way.nodes), true);
      return;
    }
    if (!data.live) {
      add(card, "h2", "This page has no answer to that request");
      add(card, "p", "It has one for a request of each rule; for others there is: gwctl route");
    }
    const lower = text.toLowerCase();
    const near = data.requests.filter((one) => line(one).toLowerCase().includes(lower)).slice(0, 20);
    const list = add(card, "ul");
    for (const one of near) {
      const button = add(add(list, "li"), "button", line(one));
      button.type = "button";
      button.addEventListener("click", () => { request.value = line(one); ask(); });
    }
  };
  request.addEventListener("input", ask);

  if (data.live) {
    const live = data.live;
    const list = (title, lines) => {
      reset();
      empty();
      add(card, "h2", title);
      add(card, "pre", lines.join("\n"));
    };
    // Any request: the simulator of whoever serves the page answers.
    let asked = 0;
    let wasAsked = false;
    for (const field of [search, request]) field.addEventListener("input", () => { asked += 1; wasAsked = false; });
    const askServer = async () => {
      const text = request.value.trim();
      if (!text) return;
      const mine = ++asked;
      let answer;
      try {
        const response = await fetch("ask", { method: "POST", body: text });
        answer = await response.json();
      } catch {
        answer = { error: "gwctl does not answer" };
      }
      if (mine !== asked) return;
      reset();
      empty();
      wasAsked = true;
      add(card, "h2", text);
      if (answer.error) return add(card, "p", answer.error, "severity-error");
      const way = new Set();
      for (const one of answer.answers) {
        const lines = add(card, "ul");
        for (const line of one.lines) add(lines, "li", line);
        for (const node of one.nodes) way.add(node);
      }
      if (way.size) mark(way, true);
    };
    request.addEventListener("keydown", (event) => { if (event.key === "Enter") askServer(); });
    const findings = document.getElementById("findings");
    findings.hidden = false;
    findings.textContent = live.findings.length + " findings";
    findings.addEventListener("click", () => list("Findings", live.findings.map((one) => one.severity + "[" + one.code + "] " + one.place + ": " + one.message)));
    const changes = document.getElementById("changes");
    changes.hidden = live.against === null;
    changes.addEventListener("click", () => list("Changes since " + live.against, live.changes));
    // The next page begins as this one was left.
    const fields = { search, request };
    addEventListener("pagehide", () => {
      const card = chosen === null ? null : cardOf.get(chosen).title;
      const node = document.activeElement?.closest?.(".n") ? "node" : null;
      const view = {
        search: search.value, request: request.value, asked: wasAsked, card, scale,
        left: main.scrollLeft, top: main.scrollTop, focus: document.activeElement?.id || node,
      };
      sessionStorage.setItem("view", JSON.stringify(view));
    });
    restore = () => {
      const view = JSON.parse(sessionStorage.getItem("view") ?? "null");
      if (!view) return;
      resize(view.scale);
      for (const [name, field] of Object.entries(fields)) field.value = view[name];
      if (view.search) find();
      const known = data.cards.find((one) => one.title === view.card);
      const node = known && ordered.find((one) => known.nodes.includes(numberOf(one)));
      const rest = () => {
        if (node) show(numberOf(node));
        main.scrollTo(view.left, view.top);
        if (view.focus === "node" && node) go(node);
        if (view.focus in fields) fields[view.focus].focus();
      };
      if (view.asked) askServer().then(rest);
      else rest();
    };
    const look = async () => {
      try {
        const response = await fetch("version");
        const version = await response.text();
        if (version !== String(live.version)) return location.reload();
        if (count.textContent === "gwctl has ended") count.textContent = "";
      } catch {
        count.textContent = "gwctl has ended";
      }
      setTimeout(look, 1000);
    };
    setTimeout(look, 1000);
  }

  for (const node of ordered) {
    node.setAttribute("tabindex", node === ordered[0] ? "0" : "-1");
    node.setAttribute("role", "button");
    node.addEventListener("click", () => { go(node); show(numberOf(node)); });
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        show(numberOf(node));
        card.focus();
      }
      if (event.key === "n") goOn(1);
      if (event.key === "p") goOn(-1);
      const step = { ArrowRight: ["from", "to"], ArrowLeft: ["to", "from"] }[event.key];
      const edge = step && edges.find((one) => one.dataset[step[0]] === node.dataset.node);
      const beside = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const other = edge ? nodes.find((one) => one.dataset.node === edge.dataset[step[1]]) : ordered[ordered.indexOf(node) + beside];
      if (step || beside) event.preventDefault();
      if (other) go(other);
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape") {
      // Whoever reads what is known of a node goes back to it.
      const back = card.contains(event.target) && nodes.find((node) => numberOf(node) === chosen);
      search.value = request.value = "";
      request.dispatchEvent(new Event("input"));
      reset();
      empty();
      if (back) go(back);
    }
  });

  const width = svg.viewBox.baseVal.width;
  const height = svg.viewBox.baseVal.height;
  let scale = 1;
  const resize = (to) => {
    scale = Math.min(4, Math.max(0.1, to));
    svg.setAttribute("width", String(width * scale));
    svg.setAttribute("height", String(height * scale));
  };
  const main = document.getElementById("picture");
  document.getElementById("larger").addEventListener("click", () => resize(scale * 1.25));
  document.getElementById("smaller").addEventListener("click", () => resize(scale / 1.25));
  document.getElementById("fit").addEventListener("click", () => resize(Math.min(main.clientWidth / width, main.clientHeight / height)));
  // Whoever comes sees where requests come in.
  ordered[0]?.scrollIntoView({ block: "center", inline: "start" });
  restore();
})();
