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
  const cardOf = new Map();
  for (const one of data.cards) for (const node of one.nodes) cardOf.set(node, one);

  const add = (parent, name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    parent.append(element);
    return element;
  };

  const show = (number) => {
    const one = cardOf.get(number);
    card.replaceChildren();
    if (!one) return;
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
  };

  const reset = () => {
    for (const element of [...nodes, ...edges]) element.classList.remove("dim", "hit", "way");
    count.textContent = "";
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
    const first = nodes.find((node) => wanted.has(numberOf(node)));
    if (first) first.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  search.addEventListener("input", () => {
    reset();
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return;
    const hits = new Set();
    data.nodes.forEach((text, number) => {
      const lower = text.toLowerCase();
      if (words.every((word) => lower.includes(word))) hits.add(number);
    });
    mark(hits, false);
    count.textContent = hits.size + " found";
  });

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
    if (!text) return card.replaceChildren();
    const way = data.requests.find((one) => line(one) === text || line(one) === "GET " + text);
    card.replaceChildren();
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
      card.replaceChildren();
      add(card, "h2", title);
      add(card, "pre", lines.join("\n"));
    };
    // Any request: the simulator of whoever serves the page answers.
    let asked = 0;
    const askServer = async () => {
      const text = request.value.trim();
      if (!text) return;
      sessionStorage.setItem("request", text);
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
      card.replaceChildren();
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
    const before = sessionStorage.getItem("request");
    if (before) {
      request.value = before;
      askServer();
    }
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

  for (const node of nodes) {
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.addEventListener("click", () => show(numberOf(node)));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        show(numberOf(node));
        card.focus();
      }
      const step = { ArrowRight: ["from", "to"], ArrowLeft: ["to", "from"] }[event.key];
      if (step) {
        const edge = edges.find((one) => one.dataset[step[0]] === node.dataset.node);
        const other = edge && nodes.find((one) => one.dataset.node === edge.dataset[step[1]]);
        if (other) {
          event.preventDefault();
          other.focus();
        }
      }
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape") {
      search.value = request.value = "";
      if (data.live) sessionStorage.removeItem("request");
      reset();
      card.replaceChildren();
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
})();
