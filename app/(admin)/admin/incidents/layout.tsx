import type { ReactNode } from "react";
import "../../_styles/desk.css";

const IncidentsLayout = ({ children }: { children: ReactNode }) => children;
export default IncidentsLayout;
