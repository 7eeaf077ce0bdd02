"""An env's kernels in a real JupyterLab, seen in Chromium. Runs on a JupyterLab that knows nothing of the env.

usage: lab.py MLENV [PICTURE.png]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 120
SIZE = (1180, 560)
CARDS = ".jp-LauncherCard[data-category='Notebook']"
NAMES = ["Python 3 (myEnv)", "Python 3 (myEnv), user site"]
CODE = ["import mine, os, sys", "print(sys.prefix)", "print(mine.ANSWER, os.environ.get('FROM_SCRIPT'), sys.flags.no_user_site)"]


def main(mlenv, picture=None):
    root = pathlib.Path(tempfile.mkdtemp(prefix="lab-"))
    world = {"HOME": str(root / "home"), "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    server = browser = None
    try:
        env = prepare(mlenv, root, world)
        server, address = start_server(root, world)
        browser = start_browser()
        views = look(browser, address, env)
        if picture:
            keep(browser, views, picture)
        print("the launcher shows both kernels, and a cell ran in the env")
    finally:
        if browser:
            browser.quit()
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(root)


def prepare(mlenv, root, world):
    """A project with an env that has a package, a script and kernels."""
    env = root / "project" / "myEnv"
    (root / "home").mkdir()
    env.parent.mkdir()

    def run(*words):
        subprocess.run([mlenv, *map(str, words)], env=world, cwd=env.parent, check=True)

    run("create", "-q", "-p", env)
    pip = [sys.executable, "-m", "pip", "-q", "--python", env / "bin/python3", "install", "ipykernel"]
    subprocess.run(pip, check=True)
    site = next((env / "lib").glob("python3*/site-packages"))
    (site / "mine.py").write_text("ANSWER = 42\n")
    (env / "etc/conda/activate.d").mkdir(parents=True)
    (env / "etc/conda/activate.d/mine.sh").write_text("export FROM_SCRIPT=seen\n")
    run("jupyter", "install", env)
    return env


def start_server(root, world):
    """JupyterLab outside of the env, with things in its environment that are bad for the env's Python."""
    settings = root / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    program = pathlib.Path(sys.executable).with_name("jupyter-lab")
    words = [program, "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", f"--notebook-dir={root / 'project'}"]
    bad = {"PYTHONPATH": "/nonexistent/poison", "JUPYTERLAB_SETTINGS_DIR": str(root / "settings")}
    log = open(root / "log", "w+")
    server = subprocess.Popen(words, env=world | bad, cwd=root, stdout=log, stderr=log, text=True)
    for _ in range(PATIENCE * 10):
        told = pathlib.Path(log.name).read_text()
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", told)
        if found:
            return server, found[0]
        if server.poll() is not None:
            break
        server_wait(server)
    raise SystemExit(f"JupyterLab did not start:\n{told}")


def server_wait(server):
    try:
        server.wait(0.1)
    except subprocess.TimeoutExpired:
        pass


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ["headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars", "window-size={},{}".format(*SIZE)]:
        options.add_argument(f"--{word}")
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


def look(browser, address, env):
    """The story; returns a picture of each of its two views."""

    def wait(what, condition):
        return WebDriverWait(browser, PATIENCE).until(condition, what)

    def one(selector):
        return next((found for found in browser.find_elements(By.CSS_SELECTOR, selector) if found.is_displayed()), None)

    browser.get(address)
    cards = wait("the launcher", lambda _: browser.find_elements(By.CSS_SELECTOR, CARDS))
    titles = [card.get_attribute("title") for card in cards]
    assert all(any(name in title for title in titles) for name in NAMES), titles
    wait("pictures", lambda _: all(image.get_property("complete") for image in browser.find_elements(By.CSS_SELECTOR, f"{CARDS} img")))
    launcher = one(".jp-LauncherCard").find_element(By.XPATH, "ancestor::*[contains(@class,'jp-Launcher-section')]")
    views = [launcher.screenshot_as_base64]
    next(card for card, title in zip(cards, titles) if NAMES[0] in title and NAMES[1] not in title).click()
    wait("the kernel", lambda _: one(".jp-Notebook-ExecutionIndicator[data-status='idle']"))
    cell = wait("a cell", lambda _: one(".jp-Notebook .jp-CodeCell .cm-content"))
    cell.click()
    for line in CODE[:-1]:
        browser.switch_to.active_element.send_keys(line, Keys.ENTER)
    browser.switch_to.active_element.send_keys(CODE[-1])
    browser.switch_to.active_element.send_keys(Keys.SHIFT, Keys.ENTER)
    output = wait("output", lambda _: one(".jp-OutputArea-output pre"))
    assert output.text.split() == [str(env), "42", "seen", "1"], output.text
    name = one(".jp-KernelName").text
    assert name == NAMES[0], name
    views.append(one(".jp-NotebookPanel").screenshot_as_base64)
    return views


def keep(browser, views, picture):
    """The interesting parts of both views in one picture, set by the browser itself."""
    style = "width:852px;height:{}px;object-fit:none;object-position:left top;display:block"
    images = [
        f"<img style='{style.format(height)}' src='data:image/png;base64,{view}'>" for view, height in zip(views, (184, 156))
    ]
    frame = "<div style='display:inline-block;background:white;border:1px solid silver'>{}</div>"
    browser.get("data:text/html,<body>")
    browser.execute_script("document.body.innerHTML = arguments[0]", frame.format("".join(images)))
    script = "return [...document.images].every(image => image.complete)"
    WebDriverWait(browser, PATIENCE).until(lambda _: browser.execute_script(script))
    browser.find_element(By.CSS_SELECTOR, "div").screenshot(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
