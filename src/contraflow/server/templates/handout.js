// One answer is shown at a time, and its address is the state: levers and questions lead from one to the
// next. Without this script the page is a document, in which all answers stand one below the other.
(function () {
  "use strict";
  var TODAY = "today", articles = {}, shown = null;
  var section, index, key, sticky, said, nowhere, controls, questions;
  document.documentElement.classList.add("scripted");

  // Addresses name the same policy in whatever order its levers stand.
  function sorted(address) { return address.split(";").sort().join(";"); }

  function levelsOf(address) {
    var found = {};
    address.split(";").forEach(function (part) {
      var at = part.indexOf("=");
      if (at > 0) { found[part.slice(0, at)] = part.slice(at + 1); }
    });
    return found;
  }

  function articleOf(levels) {
    var parts = Object.keys(levels).map(function (lever) { return lever + "=" + levels[lever]; });
    return articles[sorted(parts.join(";") || TODAY)];
  }

  function show(article) {
    if (shown) { shown.classList.remove("shown"); }
    shown = article;
    article.classList.add("shown");
    var figure = article.querySelector("figure"), words = article.querySelector(".lead").textContent;
    if (figure) { figure.prepend(key); }
    key.hidden = !figure;
    sticky.textContent = said.textContent = words;
    var levels = levelsOf(article.id);
    controls.forEach(function (control) { set(control, levels[control.lever], article); });
    questions.forEach(function (link) {
      var own = decodeURIComponent(link.hash.slice(1)) === article.id;
      if (own) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
      if (own) { link.closest("details").open = true; }
    });
  }

  // A level that is none of the lever's own, as a question may have, stands at the nearest, with its words.
  function set(control, level, article) {
    var moved = level !== undefined, at = control.today;
    if (moved) {
      at = control.levels.indexOf(level);
      if (at < 0) {
        var off = control.levels.map(function (own) { return Math.abs(own - level); });
        at = off.indexOf(Math.min.apply(null, off));
      }
    }
    var words = moved ? article.querySelector("[data-lever='" + control.lever + "']").textContent
      : control.words[control.today];
    control.input.value = at;
    control.input.setAttribute("aria-valuetext", words);
    control.now.textContent = words;
    control.box.classList.toggle("moved", moved);
    if (moved) { control.box.closest("details").open = true; }
  }

  function moveTo(control) {
    var before = levelsOf(shown.id), alone = {}, together = {}, at = Number(control.input.value);
    if (at !== control.today) { alone[control.lever] = together[control.lever] = control.levels[at]; }
    control.partners.forEach(function (other) { if (other in before) { together[other] = before[other]; } });
    var article = articleOf(together) || articleOf(alone);
    nowhere.hidden = true;
    history.replaceState(null, "", "#" + article.id);
    show(article);
  }

  function arrive(event) {
    var address = location.hash.slice(1);
    try { address = decodeURIComponent(address); } catch (error) { address = "?"; }
    var levels = levelsOf(address);
    controls.forEach(function (control) {
      if (levels[control.lever] === control.levels[control.today]) { delete levels[control.lever]; }
    });
    var article = articles[sorted(address || TODAY)] || (address.indexOf("=") > 0 && articleOf(levels));
    if (!article && shown && document.getElementById(address)) { return; }
    nowhere.hidden = Boolean(article) || document.getElementById(address) !== null;
    show(article || articles[TODAY]);
    if (event) {
      section.focus({ preventScroll: true });
      if (section.getBoundingClientRect().top < 0) { section.scrollIntoView(); }
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    section = document.getElementById("answers");
    index = document.getElementById("levers");
    key = document.getElementById("key");
    sticky = document.getElementById("sticky");
    said = document.getElementById("said");
    nowhere = document.getElementById("nowhere");
    section.querySelectorAll("article").forEach(function (article) { articles[sorted(article.id)] = article; });
    questions = Array.prototype.slice.call(index.querySelectorAll(".questions a"));
    controls = Array.prototype.map.call(index.querySelectorAll(".control"), function (box) {
      var links = Array.prototype.slice.call(box.querySelectorAll(".levels a")), input = box.querySelector("input");
      var control = {
        box: box, input: input, now: box.querySelector(".now"), lever: box.dataset.of, today: Number(input.dataset.today),
        partners: box.dataset.with.split(" ").filter(Boolean),
        levels: links.map(function (link) { return link.dataset.level; }),
        words: links.map(function (link) { return link.textContent; })
      };
      box.querySelector(".levels").hidden = true;
      input.hidden = control.now.hidden = false;
      input.addEventListener("input", function () { moveTo(control); });
      return control;
    });
    var folds = index.querySelectorAll("details");
    folds.forEach(function (fold, number) { fold.open = number === (questions.length && controls.length ? 1 : 0); });
    sticky.hidden = false;
    index.before(section);
    section.append(document.getElementById("standing"));
    window.addEventListener("hashchange", arrive);
    arrive();
  });
})();
