// While a lever moves, the sentence and the dots follow; when it rests, all draws answer. Every state is an
// address. Without this file the page is a form: the levers stand, and the button answers.
(function () {
  "use strict";
  var REST = 150, LOOK = 3000, WAIT = 700;
  var body = document.body, form = document.getElementById("levers"), answer = document.getElementById("answer");
  var path = body.dataset.path, shown = null, resting = 0;
  var running = { preview: null, answer: null, panels: null };

  function query() {
    var pairs = new URLSearchParams();
    form.querySelectorAll("input[type=range]").forEach(function (lever) {
      if (lever.value !== lever.dataset.today) { pairs.set(lever.name, lever.value); }
    });
    var against = form.elements.vs;
    if (against) { pairs.set("vs", against.value); }
    form.querySelectorAll("input[type=radio]:checked").forEach(function (side) {
      if (side.value) { pairs.set(side.name, side.value); }
    });
    var view = document.querySelector("input[name=view]:checked");
    if (view && view.value !== "difference") { pairs.set("view", view.value); }
    pairs.set("lang", body.dataset.language);
    pairs.set("v", body.dataset.stamp);
    return "?" + pairs.toString();
  }

  function ask(kind, address) {
    if (running[kind]) { running[kind].abort(); }
    running[kind] = new AbortController();
    return fetch(path + address, { signal: running[kind].signal, headers: { "X-Part": "1" } });
  }

  function quiet(error) { if (error.name !== "AbortError") { lost(); } }

  function moved() {
    var now = query();
    mark();
    if (now === shown) { return; }
    shown = now;
    clearTimeout(resting);
    answer.classList.add("old");
    ask("preview", "/preview" + now).then(function (found) {
      return found.status === 200 ? found.json() : null;
    }).then(function (told) {
      if (told && now === shown) { follow(told); }
    }).catch(quiet);
    resting = setTimeout(function () {
      history.replaceState(null, "", path + now);
      settle(now);
    }, REST);
  }

  // The sentence and dots of the preview, with the intervals of the answer before.
  function follow(told) {
    if (!answer.classList.contains("old")) { return; }
    if (told.sentence) { sentence(told.sentence); }
    var figure = answer.querySelector("#fig-figures .fig");
    if (figure && told.figures) {
      var next = document.createElement("div"), before = figure.querySelectorAll("g.range");
      next.innerHTML = told.figures;
      next.querySelectorAll("g.range").forEach(function (range, i) {
        if (before[i]) { range.innerHTML = before[i].innerHTML; }
      });
      figure.replaceWith(next.firstElementChild);
    }
    var cost = document.getElementById("cost");
    if (cost) { cost.textContent = told.cost; }
  }

  function sentence(text) {
    var own = document.getElementById("sentence");
    if (own && own.textContent !== text) { own.textContent = text; }
    mirror();
  }

  function mirror() {
    var own = document.getElementById("sentence"), copy = document.getElementById("sticky");
    if (own && copy) { copy.textContent = own.textContent; }
  }

  function settle(now) {
    ask("answer", "/answer" + now).then(function (found) {
      if (now !== shown) { return null; }
      if (found.status === 202) {
        return found.json().then(function (work) {
          sentence(work.error || work.message);
          if (!work.error) { setTimeout(function () { if (now === shown) { settle(now); } }, WAIT); }
        });
      }
      return found.text().then(function (text) {
        if (now !== shown) { return; }
        answer.innerHTML = text;
        answer.classList.remove("old");
        addresses();
        mirror();
        document.documentElement.dataset.settled = now;
        panels(now);
      });
    }).catch(quiet);
  }

  // Panels that are open are fetched one after the other; the others when they are opened.
  function panels(now) {
    document.querySelectorAll("[data-panel]").forEach(function (panel) { panel.dataset.stale = "1"; });
    next(now);
  }

  function next(now) {
    var panel = document.querySelector("[data-panel][data-stale][open]");
    if (!panel || now !== shown) { return; }
    delete panel.dataset.stale;
    var inside = panel.querySelector(".inside");
    inside.setAttribute("aria-busy", "true");
    ask("panels", "/panel/" + panel.dataset.panel + now).then(function (found) {
      return found.status === 200 ? found.text() : null;
    }).then(function (text) {
      inside.removeAttribute("aria-busy");
      if (now !== shown) { return; }
      if (text === null) { panel.dataset.stale = "1"; return; }
      inside.innerHTML = text;
      next(now);
    }).catch(function (error) {
      inside.removeAttribute("aria-busy");
      panel.dataset.stale = "1";
      quiet(error);
    });
  }

  function lost() {
    history.replaceState(null, "", path + shown);
    var news = document.getElementById("news");
    news.hidden = false;
    news.textContent = body.dataset.lost + " ";
    var again = document.createElement("button");
    again.type = "button";
    again.textContent = body.dataset.again;
    again.addEventListener("click", function () { location.reload(); });
    news.append(again);
  }

  function mark() {
    var level = {};
    form.querySelectorAll("input[type=range]").forEach(function (lever) { level[lever.name] = lever; });
    form.querySelectorAll(".control").forEach(function (control) {
      var own = control.querySelector("input[type=range]");
      control.classList.toggle("moved", own.value !== own.dataset.today);
      var needs = (control.dataset.needs || "").split(" ").filter(Boolean);
      control.classList.toggle("idle", needs.some(function (id) {
        return level[id] && Number(level[id].value) <= Number(level[id].min);
      }));
    });
  }

  // A share is a level from 0 to 1, and a number in per cent beside its lever.
  function tell(lever) {
    var number = form.querySelector("[data-number-of='" + lever.name + "']");
    number.value = exact(Number(lever.value) * Number(number.dataset.scale));
    said(lever, number);
  }

  function said(lever, number) {
    lever.setAttribute("aria-valuetext", number.value + " " + number.dataset.unit);
  }

  function exact(number) { return Number(number.toFixed(9)); }

  form.addEventListener("input", function (event) {
    var input = event.target;
    if (input.type === "range") {
      tell(input);
      moved();
    } else if (input.dataset.numberOf && input.value !== "") {
      var lever = document.getElementById("lever-" + input.dataset.numberOf);
      lever.value = exact(Number(input.value) / Number(input.dataset.scale));
      said(lever, input);
      moved();
    } else if (input.type === "radio") {
      moved();
    }
  });
  form.addEventListener("change", function (event) {
    var input = event.target;
    if (input.dataset.numberOf) { tell(document.getElementById("lever-" + input.dataset.numberOf)); }
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); moved(); });
  document.addEventListener("change", function (event) {
    if (event.target.name === "view" && event.target.form === form) {
      var now = query();
      shown = now;
      history.replaceState(null, "", path + now);
      addresses();
      document.getElementById("panel-map").dataset.stale = "1";
      next(now);
    }
  });

  document.querySelectorAll("[data-panel]").forEach(function (panel) {
    if (panel.querySelector(".inside > p > a[href*='/panel/']")) { panel.dataset.stale = "1"; }
    panel.addEventListener("toggle", function () { if (panel.open) { next(shown); } });
  });
  document.querySelectorAll("[data-fetch]").forEach(function (fold) {
    fold.addEventListener("toggle", function () {
      if (!fold.open || fold.dataset.fetched) { return; }
      fold.dataset.fetched = "1";
      fetch(fold.dataset.fetch + query()).then(function (found) { return found.ok ? found.text() : null; })
        .then(function (text) { if (text) { fold.querySelector(".inside").innerHTML = text; } })
        .catch(function () { delete fold.dataset.fetched; });
    });
  });

  // Addresses on the page follow the levers.
  function addresses() {
    var now = query(), share = document.querySelector("[data-address]");
    if (share) { share.value = location.origin + path + now; }
    document.querySelectorAll("[data-language-link]").forEach(function (link) {
      var pairs = new URLSearchParams(now);
      pairs.set("lang", link.dataset.languageLink);
      link.href = path + "?" + pairs.toString();
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!button) { return; }
    if (button.dataset.copy) {
      copy(button, document.getElementById(button.dataset.copy));
    } else if (button.dataset.png) {
      picture(button.dataset.png).then(function (blob) {
        var link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = button.dataset.png.split("/").pop().replace(".svg", ".png");
        link.click();
        URL.revokeObjectURL(link.href);
      }).catch(quiet);
    } else if (button.hasAttribute("data-copy-figure")) {
      var png = button.parentElement.querySelector("[data-png]").dataset.png;
      var blob = picture(png);
      say(button, navigator.clipboard && window.ClipboardItem
        ? navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]) : Promise.reject());
    }
  });

  function copy(button, field) {
    field.select();
    say(button, navigator.clipboard ? navigator.clipboard.writeText(field.value) : Promise.reject());
  }

  function say(button, done) {
    var words = button.dataset.words || button.textContent;
    button.dataset.words = words;
    done.then(function () { return body.dataset.copied; }, function () { return body.dataset.failed; })
      .then(function (text) {
        button.textContent = text;
        setTimeout(function () { button.textContent = words; }, 2500);
      });
  }

  function picture(address) {
    return fetch(address + query()).then(function (found) { return found.text(); }).then(function (text) {
      return new Promise(function (done, failed) {
        var image = new Image();
        image.onload = function () {
          var canvas = document.createElement("canvas");
          canvas.width = 2 * image.width;
          canvas.height = 2 * image.height;
          var context = canvas.getContext("2d");
          context.scale(2, 2);
          context.drawImage(image, 0, 0);
          canvas.toBlob(function (blob) { if (blob) { done(blob); } else { failed(new Error("png")); } });
        };
        image.onerror = failed;
        image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      });
    });
  }

  // Whether the case has changed since, or the server has gone.
  function look() {
    if (document.visibilityState !== "visible") { setTimeout(look, LOOK); return; }
    fetch(path + "/status?lang=" + body.dataset.language).then(function (found) { return found.json(); })
      .then(function (told) {
        var news = document.getElementById("news");
        if (told.stamp && told.stamp !== body.dataset.stamp) {
          body.dataset.stamp = told.stamp;
          news.hidden = false;
          news.textContent = body.dataset.changed;
          shown = null;
          moved();
        } else if (told.news || !news.querySelector("button")) {
          if (told.news) { news.textContent = told.news; }
          news.hidden = !(told.news || news.textContent === body.dataset.changed);
        } else {
          news.hidden = true;
        }
      }).catch(lost).then(function () { setTimeout(look, LOOK); });
  }

  document.querySelectorAll(".level").forEach(function (input) { input.hidden = false; });
  document.querySelectorAll(".scriptless").forEach(function (button) { button.hidden = true; });
  mark();
  shown = query();
  document.documentElement.dataset.settled = shown;
  addresses();
  mirror();
  next(shown);
  setTimeout(look, LOOK);
})();
