import { mount } from "svelte";
import "./app.css";
import App from "./App.svelte";
import { load } from "./bundle";
import { Page } from "./state.svelte";

const target = document.getElementById("app")!;

try {
  mount(App, { target, props: { page: new Page(await load()) } });
} catch (error) {
  const said = document.createElement("p");
  said.className = "failed";
  said.textContent = `This page cannot be shown: ${(error as Error).message}`;
  target.append(said);
}
