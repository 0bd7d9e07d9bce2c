do -- fence variant=up generation=0 site=customer-08 (generated, do not edit)
end
