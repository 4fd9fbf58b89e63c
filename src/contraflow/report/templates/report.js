(function () {
  "use strict";
  var aspect = Number(document.body.dataset.aspect);
  var state = { question: 0, view: "before", when: "before" };
  var cache = {};

  function read(id) {
    if (!(id in cache)) {
      var node = document.getElementById(id);
      cache[id] = node ? JSON.parse(node.textContent) : null;
    }
    return cache[id];
  }

  // Names of figures hold {q}, {view} and {when}, filled from what is selected.
  function nameOf(box) {
    var name = box.dataset.fig;
    if (name.indexOf("{view}") >= 0) {
      name = name.replace("{view}", state.view === "before" ? "before" : state.view + "-" + state.question);
    }
    if (name.indexOf("{when}") >= 0) {
      name = name.replace("{when}", state.when === "before" ? "before" : "after-" + state.question);
    }
    return name.replace("{q}", state.question);
  }

  function draw(box) {
    var name = nameOf(box);
    var figure = read("fig-" + name);
    if (!figure || box.dataset.shown === name) { return; }
    box.dataset.shown = name;
    var isMap = box.classList.contains("map");
    var data = isMap ? read("backdrop").concat(figure.data) : figure.data;
    var layout = Object.assign({}, figure.layout);
    if (isMap) { layout.height = Math.round(box.clientWidth * aspect) + layout.margin.b; }
    layout.autosize = true;
    box.style.minHeight = layout.height + "px";
    Plotly.react(box, data, layout, { displayModeBar: false, responsive: true, scrollZoom: false });
  }

  var seen = new Set();
  var watcher = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) { seen.add(entry.target); draw(entry.target); } else { seen.delete(entry.target); }
    });
  }, { rootMargin: "500px" });
  var boxes = Array.from(document.querySelectorAll(".fig"));
  boxes.forEach(function (box) { watcher.observe(box); });

  function update() {
    document.querySelectorAll("[data-panel]").forEach(function (panel) {
      panel.hidden = Number(panel.dataset.panel) !== state.question;
    });
    document.querySelectorAll("button[data-set]").forEach(function (button) {
      var value = button.dataset.value;
      button.setAttribute("aria-selected", String(String(state[button.dataset.set]) === value));
    });
    document.querySelectorAll("select[data-set]").forEach(function (choice) { choice.value = state.question; });
    document.querySelectorAll("[data-titles]").forEach(function (box) {
      var titles = JSON.parse(box.dataset.titles);
      box.textContent = state.view === "before" ? titles.before : titles[state.view][state.question];
    });
    seen.forEach(draw);
  }

  document.querySelectorAll("button[data-set]").forEach(function (button) {
    button.addEventListener("click", function () {
      var value = button.dataset.value;
      state[button.dataset.set] = button.dataset.set === "question" ? Number(value) : value;
      update();
    });
  });

  document.querySelectorAll("select[data-set]").forEach(function (choice) {
    choice.addEventListener("change", function () { state.question = Number(choice.value); update(); });
  });

  document.querySelectorAll("input[data-filter]").forEach(function (input) {
    var rows = Array.from(document.querySelectorAll("#" + input.dataset.filter + " tbody tr"));
    var groups = Array.from(document.querySelectorAll("#" + input.dataset.filter + " details"));
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      rows.forEach(function (row) { row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0; });
      groups.forEach(function (group) {
        var found = Array.from(group.querySelectorAll("tbody tr")).some(function (row) { return !row.hidden; });
        group.hidden = !found;
        group.open = wanted !== "" && found;
      });
    });
  });

  var pause;
  window.addEventListener("resize", function () {
    clearTimeout(pause);
    pause = setTimeout(function () {
      boxes.forEach(function (box) {
        if (box.classList.contains("map") && box.dataset.shown) {
          Plotly.relayout(box, { height: Math.round(box.clientWidth * aspect) + box.layout.margin.b });
        }
      });
    }, 150);
  });
  window.addEventListener("beforeprint", function () { boxes.forEach(draw); });
  update();
})();
