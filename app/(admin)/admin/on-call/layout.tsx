import type { ReactNode } from "react";
import "../../_styles/desk.css";
import "../../_styles/oncall.css";

const OnCallLayout = ({ children }: { children: ReactNode }) => children;
export default OnCallLayout;
